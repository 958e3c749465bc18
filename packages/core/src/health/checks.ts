import { afterInBackground, type Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { ProbeReport } from './probe-report.ts'

/** Milliseconds that one health check may take. */
const timeoutMs = 10_000

/** Checks are spread by a tenth, so that those of several gateways do not fall together. */
const spread = 0.1

/** What a health check has shown, for gateways that do not check themselves. */
export interface HealthFound {
  readonly report: ProbeReport
  /** Milliseconds since the check began. */
  readonly agoMs: number
}

/** What bounds one check: milliseconds, and that nobody wants to know any more. */
export interface CheckLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface HealthChecksParts {
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  /** One check. Never rejects. */
  readonly ask: (live: LiveProvider, limits: CheckLimits) => Promise<ProbeReport>
  /** `clock.now()` of the last request that said something about the provider; `null`: none. */
  readonly servedAt: (provider: string) => number | null
  /** Takes what a check has shown that began at `startedAt`. */
  readonly checked: (live: LiveProvider, report: ProbeReport, startedAt: number) => void
  /** Nobody checks the provider any more. */
  readonly left: (provider: string) => void
}

/** The watch over one provider: either its timer runs, or it is being asked. */
interface Watch {
  live: LiveProvider
  readonly everyMs: number
  timer: unknown
  asking: AbortController | undefined
}

/**
 * Asks each provider from time to time whether it is well, as its `health_check` says, unless requests have just shown it. Every
 * provider has a phase of its own and is asked once at a time. Nothing in here keeps the process alive.
 */
export class HealthChecks {
  readonly #parts: HealthChecksParts
  readonly #watches = new Map<string, Watch>()

  constructor(parts: HealthChecksParts) {
    this.#parts = parts
  }

  /** Begins, and again after each reload. `everyMs` 0: nobody is asked. */
  follow(providers: ReadonlyMap<string, LiveProvider>, everyMs: number): void {
    for (const [name, watch] of this.#watches) {
      const live = providers.get(name)
      if (live === undefined || !isSame(watch, live, everyMs)) this.#leave(name, watch)
      else watch.live = live
    }
    for (const live of providers.values()) {
      if (everyMs === 0 || live.config.health_check === 'off') this.#parts.left(live.name)
      else if (!this.#watches.has(live.name)) this.#watch(live, everyMs)
    }
  }

  /** Nobody is asked any more, and what is on its way is dropped. */
  stop(): void {
    for (const [name, watch] of this.#watches) this.#leave(name, watch)
  }

  #watch(live: LiveProvider, everyMs: number): void {
    const watch: Watch = { live, everyMs, timer: undefined, asking: undefined }
    this.#watches.set(live.name, watch)
    this.#wait(watch, this.#parts.random() * everyMs)
  }

  #leave(name: string, watch: Watch): void {
    this.#watches.delete(name)
    this.#parts.clock.cancel(watch.timer)
    watch.asking?.abort()
  }

  #wait(watch: Watch, milliseconds: number): void {
    watch.timer = afterInBackground(this.#parts.clock, milliseconds, () => this.#due(watch))
  }

  #due(watch: Watch): void {
    const { clock, random, servedAt } = this.#parts
    const { live, everyMs } = watch
    const servedFor = clock.now() - (servedAt(live.name) ?? -Infinity)
    if (servedFor < everyMs) this.#wait(watch, everyMs * (1 + spread * random()) - servedFor)
    else void this.#ask(watch)
  }

  async #ask(watch: Watch): Promise<void> {
    const { clock, random, ask, checked } = this.#parts
    const { live, everyMs } = watch
    const startedAt = clock.now()
    watch.asking = new AbortController()
    const { signal } = watch.asking
    const report = await ask(live, { timeoutMs, signal })
    watch.asking = undefined
    if (signal.aborted) return
    checked(live, report, startedAt)
    this.#wait(watch, everyMs * (1 - spread + 2 * spread * random()))
  }
}

/** A provider that is another one now begins anew, as it does with another interval. */
function isSame({ live: before, everyMs }: Watch, live: LiveProvider, nextMs: number): boolean {
  return (
    everyMs === nextMs &&
    before.identity === live.identity &&
    before.config.health_check === live.config.health_check
  )
}
