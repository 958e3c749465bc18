import type { Fault, FaultKind } from '@llmproxy/provider-kit'
import { GatewayError } from '../errors.ts'
import type { AttemptRecord } from '../metrics/outcome.ts'
import { exhaustedCode, isExhausted } from './credentials.ts'
import { deployments, faultToError, retryHeaders } from './fault-error.ts'
import { faultPolicy, isRefusal } from './fault-table.ts'

/** Kinds that say something about the request, not about availability: when all agree, that is the answer. */
const requestKinds: ReadonlySet<FaultKind> = new Set(['model_not_found', 'unsupported'])

/**
 * The error when the route is used up, or nothing in it could be asked. In this order:
 *
 * 1. No provider of the route has a key left that is accepted: 502 `upstream_credentials_exhausted`, with the soonest `retry-after`.
 * 2. A key of the only deployment was refused, and its others pause: 429.
 * 3. The last fault ends the route by itself (the client's mistake): that fault.
 * 4. One deployment was asked: its last fault, which says more than "unavailable".
 * 5. All attempts were rate limited or out of quota, or none was made and all of `skipped` pause for that: 429, with the
 *    soonest `retry-after`.
 * 6. All say that the model or the operation does not exist: that fault.
 * 7. Else 503 `providers_unavailable`, with `details` unless `showDetails` is false, and `retry-after` when known: the soonest
 *    when each of them named one.
 *
 * `retryAfterMs`: milliseconds until the first deployment of the route can be asked again. `skipped`: deployments that were
 * not asked, or not any more (open breaker, pause, full queue, no key left), with the reason as their fault; they are no attempts, but
 * are named.
 */
export function providersUnavailable(
  attempts: readonly AttemptRecord[],
  retryAfterMs: number | undefined,
  showDetails: boolean,
  skipped: readonly AttemptRecord[] = [],
): GatewayError {
  const ofKeys = errorOfKeys(attempts, skipped, retryAfterMs)
  if (ofKeys !== undefined) return ofKeys
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

/** Where the keys are what is wrong, and the last fault tells of one of them only. */
function errorOfKeys(
  attempts: readonly AttemptRecord[],
  skipped: readonly AttemptRecord[],
  retryAfterMs: number | undefined,
): GatewayError | undefined {
  const all = deployments([...attempts, ...skipped])
  const dead = deployments(skipped.filter(({ fault }) => fault !== undefined && isExhausted(fault)))
  if (dead.size > 0 && dead.size === all.size) return exhausted(skipped, retryAfterMs)
  const [refusal, pause] = [faultsOf(attempts).at(-1), faultsOf(skipped).at(-1)]
  if (refusal === undefined || pause === undefined || all.size > 1) return undefined
  return isRefusal(refusal) && isLimited(pause) ? allPausing(soonestOf([pause], retryAfterMs)) : undefined
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

function exhausted(skipped: readonly AttemptRecord[], retryAfterMs: number | undefined): GatewayError {
  const { status, type } = faultPolicy.authentication
  const [first, ...others] = new Set(skipped.map(({ provider }) => provider))
  const subject =
    others.length === 0 ? `Provider ${JSON.stringify(first)} has` : 'The providers of this model have'
  const message = `${subject} no key left that the upstream accepts: each was refused, or is out of quota; the keys in the gateway’s configuration must be checked`
  return new GatewayError(status, type, message, {
    code: exhaustedCode,
    headers: retryHeaders(soonestOf(faultsOf(skipped), retryAfterMs)),
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
      fault === undefined ? [] : [{ provider, error_type: errorType(fault) }],
    ),
  }
}

/** `rate_limit` as `RateLimitError`. */
function errorType(fault: Fault): string {
  const name = isExhausted(fault) ? 'credentials_exhausted' : fault.kind
  return `${name.replace(/(^|_)([a-z])/g, (_match, _start, letter: string) => letter.toUpperCase())}Error`
}
