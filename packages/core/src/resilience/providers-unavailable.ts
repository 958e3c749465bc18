import type { Fault, FaultKind } from '@llmproxy/provider-kit'
import { GatewayError } from '../errors.ts'
import type { AttemptRecord } from '../metrics/outcome.ts'
import { deployments, faultToError, retryHeaders } from './fault-error.ts'
import { faultPolicy } from './fault-table.ts'

/** Kinds that say something about the request, not about availability: when all agree, that is the answer. */
const requestKinds: ReadonlySet<FaultKind> = new Set(['model_not_found', 'unsupported'])

/**
 * The error when the route is used up, or nothing in it could be asked. In this order:
 *
 * 1. The last fault ends the route by itself (the client's mistake): that fault.
 * 2. One deployment was asked: its last fault, which says more than "unavailable".
 * 3. All attempts were rate limited or out of quota, or none was made and all of `skipped` pause for that: 429, with the
 *    soonest `retry-after`.
 * 4. All say that the model or the operation does not exist: that fault.
 * 5. Else 503 `providers_unavailable`, with `details` unless `showDetails` is false, and `retry-after` when known: the soonest
 *    when each of them named one.
 *
 * `retryAfterMs`: milliseconds until the first deployment of the route can be asked again. `skipped`: deployments that were
 * not asked (open breaker, pause, full queue), with the reason as their fault; they are no attempts, but are named.
 */
export function providersUnavailable(
  attempts: readonly AttemptRecord[],
  retryAfterMs: number | undefined,
  showDetails: boolean,
  skipped: readonly AttemptRecord[] = [],
): GatewayError {
  const faults = faultsOf(attempts)
  const last = faults.at(-1)
  if (last === undefined) {
    const reasons = faultsOf(skipped)
    if (reasons.length > 0 && reasons.every(isLimited)) return allPausing(soonestOf(reasons, retryAfterMs))
    return unavailable(attempts, skipped, soonestOf(reasons, retryAfterMs), showDetails)
  }
  const same = faults.every((fault) => fault.kind === last.kind)
  if (
    !faultPolicy[last.kind].fallback ||
    deployments(attempts).size === 1 ||
    (same && requestKinds.has(last.kind))
  ) {
    return faultToError(last, { attempts, retryAfterMs: waits(last) ? retryAfterMs : undefined })
  }
  if (faults.every(isLimited)) {
    const shown = faults.findLast(({ kind }) => kind === 'rate_limit') ?? last
    const soonest = soonestOf(faults, retryAfterMs)
    return faultToError(soonest === undefined ? shown : { ...shown, retryAfterMs: soonest }, { attempts })
  }
  return unavailable(
    attempts,
    skipped,
    retryAfterMs ?? namedByAll([...faults, ...faultsOf(skipped)]),
    showDetails,
  )
}

/** Who named no wait may answer at once. */
function namedByAll(faults: readonly Fault[]): number | undefined {
  return faults.every(({ retryAfterMs }) => retryAfterMs !== undefined)
    ? soonestOf(faults, undefined)
    : undefined
}

function faultsOf(records: readonly AttemptRecord[]): Fault[] {
  return records.flatMap(({ fault }) => (fault === undefined ? [] : [fault]))
}

function isLimited({ kind }: Fault): boolean {
  return faultPolicy[kind].breaker === 'cooldown'
}

function soonestOf(faults: readonly Fault[], retryAfterMs: number | undefined): number | undefined {
  const waits = [retryAfterMs, ...faults.map((fault) => fault.retryAfterMs)].filter(
    (wait) => wait !== undefined,
  )
  return waits.length === 0 ? undefined : Math.min(...waits)
}

/** Kinds for which waiting helps; `retry-after` on a client's mistake would be a lie. */
function waits({ kind }: Fault): boolean {
  return faultPolicy[kind].breaker === 'cooldown' || faultPolicy[kind].breaker === 'failure'
}

function allPausing(retryAfterMs: number | undefined): GatewayError {
  const { status, type, code } = faultPolicy.rate_limit
  return new GatewayError(status, type, 'Every provider of this model is pausing after a rate limit', {
    code,
    headers: retryHeaders(retryAfterMs, true),
  })
}

function unavailable(
  attempts: readonly AttemptRecord[],
  skipped: readonly AttemptRecord[],
  retryAfterMs: number | undefined,
  showDetails: boolean,
): GatewayError {
  return new GatewayError(503, 'service_unavailable_error', 'All providers are currently unavailable', {
    code: 'providers_unavailable',
    headers: retryHeaders(retryAfterMs),
    ...(showDetails ? { details: detailsOf(attempts, skipped) } : {}),
  })
}

function detailsOf(attempts: readonly AttemptRecord[], skipped: readonly AttemptRecord[]) {
  return {
    attempts: attempts.length,
    providers_tried: [...new Set(attempts.map(({ provider }) => provider))],
    errors: [...attempts, ...skipped].flatMap(({ provider, fault }) =>
      fault === undefined ? [] : [{ provider, error_type: errorType(fault.kind) }],
    ),
  }
}

/** `rate_limit` as `RateLimitError`. */
function errorType(kind: FaultKind): string {
  return `${kind.replace(/(^|_)([a-z])/g, (_match, _start, letter: string) => letter.toUpperCase())}Error`
}
