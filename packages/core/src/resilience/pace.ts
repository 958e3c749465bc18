import type { Clock } from '../clock.ts'

const windowMs = 60_000

/**
 * Keeps one provider below its requests per minute: never more than `perMinute` in any 60 seconds (an exact sliding
 * window, one number of memory for each request in it). `null`: no limit.
 */
export class Pace {
  readonly #clock: Clock
  readonly #perMinute: number | null
  /** Times of the last `perMinute` requests, a ring once it is full. */
  readonly #times: number[]
  /** The oldest of a full ring. */
  #oldest = 0

  /** `times`: `clock.now()` of earlier requests, oldest first, that count as well. */
  constructor(perMinute: number | null, clock: Clock, times: readonly number[] = []) {
    this.#perMinute = perMinute
    this.#clock = clock
    this.#times = perMinute === null ? [] : times.slice(-perMinute)
  }

  /** The same requests under another limit, as a reload sets it. */
  limited(perMinute: number | null): Pace {
    if (perMinute === this.#perMinute) return this
    const times = [...this.#times.slice(this.#oldest), ...this.#times.slice(0, this.#oldest)]
    return new Pace(perMinute, this.#clock, times)
  }

  /**
   * Counts the exchanges of one request, or answers `false` and counts nothing. A request that takes more than a minute allows counts as a
   * whole minute: else it could never be served.
   */
  take(exchanges = 1): boolean {
    if (this.#perMinute === null) return true
    const now = this.#clock.now()
    const count = Math.min(exchanges, this.#perMinute)
    const overwritten = this.#times.length + count - this.#perMinute
    if (overwritten > 0) {
      const newest = (this.#oldest + overwritten - 1) % this.#times.length
      if (now - (this.#times[newest] ?? 0) < windowMs) return false
    }
    for (let taken = 0; taken < count; taken += 1) this.#note(now)
    return true
  }

  #note(now: number): void {
    if (this.#times.length < this.#perMinute!) {
      this.#times.push(now)
      return
    }
    this.#times[this.#oldest] = now
    this.#oldest = (this.#oldest + 1) % this.#times.length
  }

  /** Milliseconds until `take()` answers `true`; 0 when it would now. */
  retryAfterMs(): number {
    if (this.#perMinute === null || this.#times.length < this.#perMinute) return 0
    return Math.max(0, (this.#times[this.#oldest] ?? 0) + windowMs - this.#clock.now())
  }
}
