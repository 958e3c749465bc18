/** One who waits for a flight. */
export interface Flight<Result> {
  /** The same for everybody who waits. */
  readonly result: Promise<Result>
  /** It was begun by somebody else. */
  readonly shared: boolean
  /** Waits no longer. When nobody waits any more the work is aborted. To be called once the result is of no use; again is the same as once. */
  leave(): void
}

interface Work<Result> {
  readonly result: Promise<Result>
  readonly controller: AbortController
  waiting: number
}

/** Work that several want at the same time is done once. Nothing is kept: who comes when it has ended, well or not, begins anew. */
export class Flights<Result> {
  readonly #works = new Map<string, Work<Result>>()

  /** Flights on their way. */
  get size(): number {
    return this.#works.size
  }

  has(key: string): boolean {
    return this.#works.has(key)
  }

  /** `begin` is called, at once, when nobody is at it. It should stop when the signal aborts. */
  join(key: string, begin: (signal: AbortSignal) => Promise<Result>): Flight<Result> {
    const known = this.#works.get(key)
    return this.#wait(key, known ?? this.#begin(key, begin), known !== undefined)
  }

  /** Waits along with the others; `undefined`: nobody is at it. */
  joinKnown(key: string): Flight<Result> | undefined {
    const known = this.#works.get(key)
    return known && this.#wait(key, known, true)
  }

  #wait(key: string, work: Work<Result>, shared: boolean): Flight<Result> {
    work.waiting += 1
    let left = false
    const leave = () => {
      if (left) return
      left = true
      work.waiting -= 1
      if (work.waiting > 0 || !this.#end(key, work)) return
      work.controller.abort()
    }
    return { result: work.result, shared, leave }
  }

  #begin(key: string, begin: (signal: AbortSignal) => Promise<Result>): Work<Result> {
    const controller = new AbortController()
    const result = new Promise<Result>((resolve) => resolve(begin(controller.signal)))
    const work = { result, controller, waiting: 0 }
    this.#works.set(key, work)
    const end = () => void this.#end(key, work)
    // First of all who listen: whoever sees it fail and joins again begins anew. It also hears failures that nobody waits for any more.
    result.then(end, end)
    return work
  }

  /** Whether it was on its way: an aborted one may still end when another has taken its place. */
  #end(key: string, work: Work<Result>): boolean {
    return this.#works.get(key) === work && this.#works.delete(key)
  }
}
