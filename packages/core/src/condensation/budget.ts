import type { Clock } from '../clock.ts'

interface Minute {
  count: number
  /** `clock.now()` at its end. */
  readonly endsAt: number
}

const minuteMs = 60_000

/** Callers are configured keys. Should there be more, all begin anew. */
const mostCallers = 16_384

/** Calls of each caller, in minutes that begin with a caller's first call. A refused call counts for nothing. */
export class CallBudget {
  readonly #clock: Clock
  /** Those in front end first. */
  readonly #minutes = new Map<string, Minute>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Callers whose minute runs. */
  get size(): number {
    this.#forgetEnded(this.#clock.now())
    return this.#minutes.size
  }

  /** Counts one call, unless there were as many in this minute. `null`: no limit. */
  take(caller: string, limitPerMinute: number | null): boolean {
    if (limitPerMinute === null) return true
    const now = this.#clock.now()
    this.#forgetEnded(now)
    const minute = this.#minutes.get(caller) ?? this.#begin(caller, now)
    if (minute.count >= limitPerMinute) return false
    minute.count += 1
    return true
  }

  #begin(caller: string, now: number): Minute {
    if (this.#minutes.size >= mostCallers) this.#minutes.clear()
    const made = { count: 0, endsAt: now + minuteMs }
    this.#minutes.set(caller, made)
    return made
  }

  #forgetEnded(now: number): void {
    for (const [caller, { endsAt }] of this.#minutes) {
      if (endsAt > now) return
      this.#minutes.delete(caller)
    }
  }
}
