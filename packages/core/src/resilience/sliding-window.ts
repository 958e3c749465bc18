/** The window moves on in steps of a tenth of its length. */
const steps = 10

/**
 * Attempts and failures of the last `lengthMs`, in constant memory whatever the traffic. What is older than the window never counts;
 * since it moves in steps, what is older than nine tenths of it may not.
 */
export class SlidingWindow {
  readonly lengthMs: number
  readonly #stepMs: number
  readonly #attempts: number[] = Array.from({ length: steps }, () => 0)
  readonly #failures: number[] = Array.from({ length: steps }, () => 0)
  /** The number of the newest step, since the clock began. */
  #step = 0

  /** `lengthMs` above 0. */
  constructor(lengthMs: number) {
    this.lengthMs = lengthMs
    this.#stepMs = lengthMs / steps
  }

  /** `now`: `clock.now()`. */
  add(failed: boolean, now: number): void {
    this.#moveTo(now)
    const index = this.#step % steps
    this.#attempts[index]! += 1
    if (failed) this.#failures[index]! += 1
  }

  attempts(now: number): number {
    this.#moveTo(now)
    return sum(this.#attempts)
  }

  failures(now: number): number {
    this.#moveTo(now)
    return sum(this.#failures)
  }

  clear(): void {
    this.#attempts.fill(0)
    this.#failures.fill(0)
  }

  #moveTo(now: number): void {
    const step = Math.floor(now / this.#stepMs)
    const moved = step - this.#step
    if (moved <= 0) return
    if (moved >= steps) this.clear()
    else
      for (let each = this.#step + 1; each <= step; each += 1) {
        this.#attempts[each % steps] = 0
        this.#failures[each % steps] = 0
      }
    this.#step = step
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
