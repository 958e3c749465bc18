import type { LiveDeployment, LiveProvider } from '../live-provider.ts'
import type { AttemptRecord } from '../metrics/outcome.ts'
import type { BreakerState } from '../resilience/breaker.ts'
import { keyRule } from '../resilience/fault-table.ts'
import { check, type CheckedHealth, provenWell, unchecked } from './checked-health.ts'
import { configuredDeployments } from './configured-deployments.ts'
import type { ProbeReport } from './probe-report.ts'
import type { HealthReason, Status } from './reason.ts'
import { freshHealth, observe, type ServedHealth } from './served-health.ts'
import { statusOf, unhealthyReason } from './status.ts'
import { markUsable, startUptime, type Uptime, uptimePercent } from './uptime.ts'

/** Everything that is remembered of one provider. */
interface Vital {
  /** Of the provider that it is about: address and credentials. */
  readonly identity: string
  served: ServedHealth
  checked: CheckedHealth
  uptime: Uptime
}

/** How one provider fares now. Times are monotonic milliseconds, `null`: never. */
export interface VitalSigns {
  readonly status: Status
  /** Why it is `unhealthy`; else `null`. */
  readonly reason: HealthReason | null
  /** Share of the time since it is configured like this in which it was usable, as `99.95%`. */
  readonly uptime: string
  /** By a request or a health check. */
  readonly observedAt: number | null
  readonly lastError: HealthReason | null
  readonly lastErrorAt: number | null
}

/** Health checks, or a request after them, have turned a provider `unhealthy`, or well again. */
export interface HealthTurn {
  readonly provider: string
  readonly status: Status
  readonly reason: HealthReason | null
  /** What the check said. May quote the vendor. */
  readonly message?: string
}

/** What requests and health checks say about each provider, and for how long one was usable. */
export class Vitals {
  onTurn: ((turn: HealthTurn) => void) | undefined
  readonly #known = new Map<string, Vital>()
  /** Unhealthy by health checks: asked last. Usually empty, so that looking costs nothing. */
  readonly #down = new Set<string>()
  #live: ReadonlyMap<string, LiveProvider>
  #uptime: Uptime

  /** `at`: `clock.now()`. */
  constructor(live: ReadonlyMap<string, LiveProvider>, at: number) {
    this.#live = live
    this.#uptime = startUptime(at, live.size > 0 ? at : Infinity)
    this.configure(live, at)
  }

  /** After each reload: what was learnt about another address, or with another key, says nothing about this one. */
  configure(live: ReadonlyMap<string, LiveProvider>, at: number): void {
    this.#live = live
    for (const [name, { identity }] of this.#known) {
      if (live.get(name)?.identity === identity) continue
      this.#known.delete(name)
      this.#down.delete(name)
    }
    for (const [name, { identity }] of live) {
      if (this.#known.has(name)) continue
      const uptime = startUptime(at, at)
      this.#known.set(name, { identity, served: freshHealth, checked: unchecked, uptime })
    }
    this.mark(at)
  }

  /** After each request, with the providers that it was served by. */
  observe(attempts: readonly AttemptRecord[], live: ReadonlyMap<string, LiveProvider>, at: number): void {
    for (let position = 0; position < attempts.length; position += 1) {
      const attempt = attempts[position]!
      const { provider, fault } = attempt
      if (isMadeGood(attempt, attempts[position + 1])) continue
      const vital = this.#vital(provider, live.get(provider))
      if (vital === undefined) continue
      vital.served = observe(vital.served, { at, fault: fault?.kind ?? null })
      if (fault === undefined) this.#turn(provider, vital, provenWell(vital.checked), at)
    }
  }

  /** After each health check, which began at `startedAt`. One that asked nothing changes nothing. */
  check(live: LiveProvider, { verdict, answered }: ProbeReport, startedAt: number, at: number): void {
    const vital = this.#vital(live.name, live)
    // One that another gateway began before a reload may be about another key.
    if (vital === undefined || verdict === undefined || startedAt < vital.uptime.startedAt) return
    const { servedAt } = vital.served
    const outrun = servedAt !== null && servedAt >= startedAt
    const next = check(vital.checked, { at, verdict, answered, served: servedAt !== null, outrun })
    this.#turn(live.name, vital, next, at, verdict.message)
  }

  /** Nobody checks the provider any more, so nobody would take back what checks have said. */
  uncheck(provider: string, at: number): void {
    const vital = this.#known.get(provider)
    if (vital !== undefined) this.#turn(provider, vital, { ...unchecked, at: vital.checked.at }, at)
  }

  /** True: health checks found it unhealthy, so others are asked first. */
  isDown(provider: string): boolean {
    return this.#down.has(provider)
  }

  /** `clock.now()` of the last request that said something about the provider; `null`: none. */
  servedAt(provider: string): number | null {
    return this.#known.get(provider)?.served.observedAt ?? null
  }

  statusOf(live: LiveProvider, at: number): Status {
    return this.signsOf(live, at).status
  }

  signsOf(live: LiveProvider, at: number): VitalSigns {
    const { served, checked, uptime } = this.#known.get(live.name) ?? fresh(at)
    const deployments = configuredDeployments(live).map(([, deployment]) => deployment)
    const breakers = deployments.map(({ breaker }): BreakerState => breaker.state)
    const cooling = deployments.some((each) => each.cooldown.remainingMs() > 0 || allRest(live, each))
    const exhausted = live.keys?.exhausted === true
    const bad = later([served.lastFault, served.lastFaultAt], [checked.lastError, checked.lastErrorAt])
    return {
      status: exhausted ? 'unhealthy' : statusOf({ served, checked, breakers, cooling, at }),
      reason: exhausted ? 'configuration' : unhealthyReason({ served, checked, breakers }),
      uptime: uptimePercent(uptime, at),
      observedAt: latest([served.observedAt, checked.at]),
      lastError: bad[0],
      lastErrorAt: bad[1],
    }
  }

  /** Call it whenever the usability of the providers may have changed. */
  mark(at: number): void {
    let soonest = Infinity
    for (const [name, live] of this.#live) {
      const from = this.#usableFrom(live, at)
      const vital = this.#known.get(name)
      if (vital !== undefined) vital.uptime = markUsable(vital.uptime, from, at)
      soonest = Math.min(soonest, from)
    }
    this.#uptime = markUsable(this.#uptime, soonest, at)
  }

  /** Of the gateway: the share of the time in which some provider was usable. */
  uptime(at: number): string {
    return uptimePercent(this.#uptime, at)
  }

  /** `clock.now()` of the last observation of any provider; `null` when there was none. */
  get lastObservedAt(): number | null {
    return latest([...this.#known.values()].flatMap(({ served, checked }) => [served.observedAt, checked.at]))
  }

  /** What is remembered of the provider, if it still is the one that `live` was. */
  #vital(name: string, live: LiveProvider | undefined): Vital | undefined {
    const vital = this.#known.get(name)
    return vital?.identity === live?.identity ? vital : undefined
  }

  #turn(provider: string, vital: Vital, next: CheckedHealth, at: number, message?: string): void {
    if (next === vital.checked) return
    vital.checked = next
    const { status, reason } = next
    const down = status === 'unhealthy'
    if (down === this.#down.has(provider)) return
    if (down) this.#down.add(provider)
    else this.#down.delete(provider)
    this.mark(at)
    this.onTurn?.({ provider, status, reason, ...(message !== undefined && { message }) })
  }

  /**
   * `at`: now. An open breaker admits a probe at its time, as retired keys do; what health checks have found out waits for something
   * to happen.
   */
  #usableFrom(live: LiveProvider, at: number): number {
    if (this.#down.has(live.name)) return Infinity
    const keysFrom = at + (live.keys?.retiredMs ?? 0)
    let soonest = Infinity
    for (const [, { breaker }] of configuredDeployments(live)) {
      if (breaker.state !== 'open') return keysFrom
      soonest = Math.min(soonest, breaker.retryAfterMs())
    }
    return soonest === Infinity ? keysFrom : Math.max(keysFrom, at + soonest)
  }
}

/** One of several keys was refused, or limited, and another one asked at once: what that came to is what the provider has shown. */
function isMadeGood({ provider, key, fault }: AttemptRecord, next: AttemptRecord | undefined): boolean {
  return key !== undefined && fault !== undefined && keyRule(fault) !== 'none' && next?.provider === provider
}

/** Each key of the provider that is not refused pauses for the deployment. */
function allRest({ keys }: LiveProvider, deployment: LiveDeployment): boolean {
  return keys !== undefined && keys.waitMs(deployment) > 0
}

function fresh(at: number): Omit<Vital, 'identity'> {
  return { served: freshHealth, checked: unchecked, uptime: startUptime(at, at) }
}

type Bad = readonly [HealthReason | null, number | null]

function later(left: Bad, right: Bad): Bad {
  return (right[1] ?? -Infinity) > (left[1] ?? -Infinity) ? right : left
}

function latest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.max(...known)
}
