import type { Clock } from '../src/clock.ts'

/** A clock that stands still until `advance()`, which runs due timers in order of their time. */
export class ManualClock implements Clock {
  readonly #timers = new Map<number, { at: number; callback: () => void }>()
  #now: number
  #nextId = 0

  constructor(now = 1_000) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  epoch(): number {
    return 1_700_000_000_000 + this.#now
  }

  after(milliseconds: number, callback: () => void): unknown {
    this.#nextId += 1
    this.#timers.set(this.#nextId, { at: this.#now + milliseconds, callback })
    return this.#nextId
  }

  cancel(timer: unknown): void {
    this.#timers.delete(timer as number)
  }

  /** Timers that have not run and were not cancelled. */
  get pending(): number {
    return this.#timers.size
  }

  advance(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers.delete(due[0])
      this.#now = Math.max(this.#now, due[1].at)
      due[1].callback()
    }
    this.#now = end
  }
}
