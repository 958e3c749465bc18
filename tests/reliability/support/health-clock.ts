import { ManualClock } from '../../../packages/core/test/manual-clock.ts'
import { until } from './fake-upstream.ts'

/** The limit of one health check. Nothing else has this one while no request waits for a connection. */
const checkLimitMs = 10_000

/** A clock that is moved by hand, and waits for the real exchange of each health check that falls due meanwhile. */
export class HealthClock extends ManualClock {
  readonly #limits = new Set<unknown>()

  override after(milliseconds: number, callback: () => void): unknown {
    const timer = super.after(milliseconds, () => {
      this.#limits.delete(timer)
      callback()
    })
    if (milliseconds === checkLimitMs) this.#limits.add(timer)
    return timer
  }

  override cancel(timer: unknown): void {
    this.#limits.delete(timer)
    super.cancel(timer)
  }

  /** Health checks that are under way. */
  get checking(): number {
    return this.#limits.size
  }

  /** Moves by so many seconds. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      this.advance(1000)
      if (this.checking === 0) continue
      await until(() => this.checking === 0)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Moves until a health check is under way. */
  untilChecking(): void {
    for (let second = 0; this.checking === 0 && second < 70; second += 1) this.advance(1000)
  }
}
