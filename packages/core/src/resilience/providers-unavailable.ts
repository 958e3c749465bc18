import type { Fault, FaultKind } from '@llmproxy/provider-kit'
import { GatewayError } from '../errors.ts'
import type { AttemptRecord } from '../metrics/outcome.ts'
import { deployments, faultToError, retryHeaders } from './fault-error.ts'
import { faultPolicy } from './fault-table.ts'

/** Why no deployment could be asked, when there was no attempt at all. */
export type Unavailability = 'unavailable' | 'rate_limited'

/** Kinds that say something about the request, not about availability: when all agree, that is the answer. */
const requestKinds: ReadonlySet<FaultKind> = new Set(['model_not_found', 'unsupported'])

/**
 * The error when the route is used up, or nothing in it could be asked. In this order:
 *
 * 1. The last fault ends the route by itself (the client's mistake): that fault.
 * 2. One deployment was asked: its last fault, which says more than "unavailable".
 * 3. All attempts were rate limited or out of quota, or none was made because of that (`reason`): 429, with the soonest
 *    `retry-after`.
 * 4. All say that the model or the operation does not exist: that fault.
 * 5. Else 503 `providers_unavailable`, with `details` unless `showDetails` is false, and `retry-after` when known.
 *
 * `retryAfterMs`: milliseconds until the first deployment of the route can be asked again.
 */
export function providersUnavailable(
  attempts: readonly AttemptRecord[],
  retryAfterMs: number | undefined,
  showDetails: boolean,
  reason: Unavailability = 'unavailable',
): GatewayError {
  const faults = attempts.flatMap(({ fault }) => (fault === undefined ? [] : [fault]))
  const last = faults.at(-1)
  if (last === undefined) {
    return reason === 'rate_limited'
      ? allRateLimited(retryAfterMs)
      : unavailable([], retryAfterMs, showDetails)
  }
  const same = faults.every((fault) => fault.kind === last.kind)
  if (
    !faultPolicy[last.kind].fallback ||
    deployments(attempts).size === 1 ||
    (same && requestKinds.has(last.kind))
  ) {
    return faultToError(last, { attempts, retryAfterMs: waits(last) ? retryAfterMs : undefined })
  }
  if (faults.every(({ kind }) => faultPolicy[kind].status === 429)) {
    return rateLimited(last, faults, attempts, retryAfterMs)
  }
  return unavailable(attempts, retryAfterMs, showDetails)
}

/** Kinds for which waiting helps; `retry-after` on a client's mistake would be a lie. */
function waits({ kind }: Fault): boolean {
  return faultPolicy[kind].breaker === 'cooldown' || faultPolicy[kind].breaker === 'failure'
}

function rateLimited(
  last: Fault,
  faults: readonly Fault[],
  attempts: readonly AttemptRecord[],
  retryAfterMs: number | undefined,
): GatewayError {
  const shown = faults.findLast(({ kind }) => kind === 'rate_limit') ?? last
  const soonest = Math.min(
    ...[retryAfterMs, ...faults.map((fault) => fault.retryAfterMs)].map((wait) => wait ?? Infinity),
  )
  return faultToError(Number.isFinite(soonest) ? { ...shown, retryAfterMs: soonest } : shown, { attempts })
}

function allRateLimited(retryAfterMs: number | undefined): GatewayError {
  const { status, type, code } = faultPolicy.rate_limit
  return new GatewayError(status, type, 'Every provider of this model is pausing after a rate limit', {
    code,
    headers: retryHeaders(retryAfterMs, true),
  })
}

function unavailable(
  attempts: readonly AttemptRecord[],
  retryAfterMs: number | undefined,
  showDetails: boolean,
): GatewayError {
  return new GatewayError(503, 'service_unavailable_error', 'All providers are currently unavailable', {
    code: 'providers_unavailable',
    headers: retryHeaders(retryAfterMs),
    ...(showDetails ? { details: detailsOf(attempts) } : {}),
  })
}

function detailsOf(attempts: readonly AttemptRecord[]) {
  return {
    attempts: attempts.length,
    providers_tried: [...new Set(attempts.map(({ provider }) => provider))],
    errors: attempts.flatMap(({ provider, fault }) =>
      fault === undefined ? [] : [{ provider, error_type: errorType(fault.kind) }],
    ),
  }
}

/** `rate_limit` as `RateLimitError`. */
function errorType(kind: FaultKind): string {
  return `${kind.replace(/(^|_)([a-z])/g, (_match, _start, letter: string) => letter.toUpperCase())}Error`
}
