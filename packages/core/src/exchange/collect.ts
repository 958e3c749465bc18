/** Collects a body up to a limit. */
export class Collector {
  readonly #chunks: Buffer[] = []
  readonly #limit: number
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `false`: the limit is passed, and what goes beyond it is dropped. */
  add(chunk: Buffer): boolean {
    const room = this.#limit - this.#size
    this.#size += chunk.length
    if (room > 0) this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk)
    return this.#size <= this.#limit
  }

  bytes(): Buffer {
    const [first] = this.#chunks
    if (first === undefined) return Buffer.alloc(0)
    return this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks)
  }
}
