const mostModels = 1000

/** Counts the requests of each `flaky` model name; the oldest name is forgotten when there are very many. */
export class FlakyCounter {
  readonly #counts = new Map<string, number>()

  /** How many requests for `model` came before; counts this one. */
  take(model: string): number {
    const earlier = this.#counts.get(model) ?? 0
    this.#counts.set(model, earlier + 1)
    if (this.#counts.size > mostModels) {
      const [oldest] = this.#counts.keys()
      if (oldest !== undefined) this.#counts.delete(oldest)
    }
    return earlier
  }

  reset(): void {
    this.#counts.clear()
  }
}
