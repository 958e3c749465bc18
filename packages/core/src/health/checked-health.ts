import type { HealthVerdict } from '@llmproxy/provider-kit'
import type { HealthReason, Status } from './reason.ts'

/** What the health checks of one provider have shown, as far as no request has shown something else since. */
export interface CheckedHealth {
  readonly status: Status
  /** Of a status that is not `healthy`. */
  readonly reason: HealthReason | null
  /** Monotonic milliseconds of the last check; `null`: there was none. */
  readonly at: number | null
  /** Checks in a row that found it failing. */
  readonly failures: number
  /** A request was served after a check had called the configuration wrong: the check is no judge of it until one succeeds. */
  readonly refuted: boolean
  /** Why the last bad check was bad, and when it was. */
  readonly lastError: HealthReason | null
  readonly lastErrorAt: number | null
}

export const unchecked: CheckedHealth = Object.freeze({
  status: 'healthy',
  reason: null,
  at: null,
  failures: 0,
  refuted: false,
  lastError: null,
  lastErrorAt: null,
})

/** One health check. */
export interface Check {
  /** Monotonic milliseconds. */
  readonly at: number
  readonly verdict: HealthVerdict
  /** The HTTP status of the answer; absent when there was none. */
  readonly answered: number | undefined
  /** A request was served since the provider is configured like this. */
  readonly served: boolean
  /** A request was served while the check was on its way. */
  readonly outrun: boolean
}

/** So many failed checks in a row are no accident any more. */
const tooManyFailures = 2

/**
 * The next memory. One failed check degrades, a second one in a row is `unhealthy`; a refused key or a wrong address is so at once. A
 * rate limit says that somebody is there. What requests have shown wins over what a check says.
 */
export function check(health: CheckedHealth, each: Check): CheckedHealth {
  const { verdict, at, outrun } = each
  if (verdict.status === 'healthy') return { ...unchecked, ...lastErrorOf(health), at }
  const reason = verdict.reason ?? 'bad_response'
  if (verdict.status === 'degraded') return reachable(health, reason, at)
  if (outrun) return { ...health, at }
  if (reason !== 'configuration') return failing(health, reason, at)
  switch (blame(health, each)) {
    case 'nothing':
      return { ...health, at }
    case 'upstream':
      return failing(health, 'bad_response', at)
    default:
      return { ...health, at, status: 'unhealthy', reason, lastError: reason, lastErrorAt: at }
  }
}

/** A request was served. */
export function provenWell(health: CheckedHealth): CheckedHealth {
  if (health.status === 'healthy' && health.failures === 0) return health
  const refuted = health.refuted || health.reason === 'configuration'
  return { ...health, status: 'healthy', reason: null, failures: 0, refuted }
}

function reachable(health: CheckedHealth, reason: HealthReason, at: number): CheckedHealth {
  const next = { ...health, at, failures: 0 }
  // Whether the key is good, a limit does not say.
  if (health.reason === 'configuration') return next
  if (reason === 'rate_limit') return { ...next, status: 'healthy', reason: null }
  return { ...next, status: 'degraded', reason, lastError: reason, lastErrorAt: at }
}

function failing(health: CheckedHealth, reason: HealthReason, at: number): CheckedHealth {
  const failures = health.failures + 1
  const down = health.status === 'unhealthy' || failures >= tooManyFailures
  const status = down ? 'unhealthy' : 'degraded'
  return { ...health, at, failures, status, reason, lastError: reason, lastErrorAt: at }
}

/**
 * What is wrong when a check calls the configuration wrong. Keys that may chat and not list models, and servers without that list,
 * are common: where requests were served, only a 401 speaks of the key, and something else than an API that answers is a failure.
 */
function blame(
  { refuted }: CheckedHealth,
  { answered, served }: Check,
): 'configuration' | 'nothing' | 'upstream' {
  if (refuted) return 'nothing'
  if (!served || answered === undefined || answered === 401) return 'configuration'
  return answered >= 400 ? 'nothing' : 'upstream'
}

function lastErrorOf({ lastError, lastErrorAt }: CheckedHealth) {
  return { lastError, lastErrorAt }
}
