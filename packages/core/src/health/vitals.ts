import type { LiveProvider } from '../live-provider.ts'
import type { AttemptRecord } from '../metrics/outcome.ts'
import { freshHealth, observe, type ProviderHealth, type Status, statusOf } from './status.ts'
import { markUsable, startUptime, type Uptime, uptimePercent } from './uptime.ts'

/** What the outcomes of requests say about each provider, and for how long one was usable. */
export class Vitals {
  readonly #health = new Map<string, ProviderHealth>()
  #uptime: Uptime

  /** `at`: `clock.now()`. */
  constructor(at: number, usable: boolean) {
    this.#uptime = startUptime(at, usable)
  }

  healthOf(provider: string): ProviderHealth {
    return this.#health.get(provider) ?? freshHealth
  }

  /** After each request. */
  observe(attempts: readonly AttemptRecord[], at: number): void {
    for (const { provider, fault } of attempts) {
      const before = this.healthOf(provider)
      const after = observe(before, { at, fault: fault?.kind ?? null })
      if (after !== before) this.#health.set(provider, after)
    }
  }

  statusOf(live: LiveProvider, at: number): Status {
    const deployments = [...live.deployments.values()]
    return statusOf({
      health: this.healthOf(live.name),
      breakers: deployments.map(({ breaker }) => breaker.state),
      cooling: deployments.some(({ cooldown }) => cooldown.remainingMs() > 0),
      at,
    })
  }

  /** The provider of that name is another one now, or gone. */
  forget(provider: string): void {
    this.#health.delete(provider)
  }

  /** Call it whenever the usability of the providers may have changed. */
  mark(usable: boolean, at: number): void {
    this.#uptime = markUsable(this.#uptime, usable, at)
  }

  uptime(at: number): string {
    return uptimePercent(this.#uptime, at)
  }

  /** `clock.now()` of the last observation; `null` when there was none. */
  get lastObservedAt(): number | null {
    const times = [...this.#health.values()].flatMap(({ observedAt }) => observedAt ?? [])
    return times.length === 0 ? null : Math.max(...times)
  }
}
