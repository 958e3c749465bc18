import type { Fault, FaultKind } from '@llmproxy/provider-kit'
import type { TimeoutPhase } from '../metrics/outcome.ts'

/**
 * When the same deployment may be asked again.
 * `always`: after a backoff. `hint`: only after the wait that the vendor named. `connect`: only when the connection never
 * stood. `unsent`: only when the upstream cannot have seen the request. A generation may be billed, so nothing else repeats.
 */
export type RetryRule = 'never' | 'hint' | 'always' | 'connect' | 'unsent'

/**
 * What a fault does to its deployment. `failure`: `permit.failure()`. `cooldown`: pause it, `permit.release()`.
 * `none` (the client's mistake) and `release` (the client left): `permit.release()`, it says nothing about the upstream.
 */
export type BreakerRule = 'failure' | 'cooldown' | 'none' | 'release'

/** One row of the fault table: what the client sees, and what the gateway does. */
export interface FaultRule {
  readonly status: number
  /** The `type` of the error envelope. */
  readonly type: string
  /** The `code` of the error envelope when the vendor gave no word of its own. */
  readonly code: string | null
  readonly retry: RetryRule
  /** May the next deployment be asked? */
  readonly fallback: boolean
  readonly breaker: BreakerRule
}

function rule(
  status: number,
  type: string,
  code: string | null,
  retry: RetryRule,
  fallback: boolean,
  breaker: BreakerRule,
): FaultRule {
  return Object.freeze({ status, type, code, retry, fallback, breaker })
}

/** The fault table: the only place where a kind of failure turns into a status, a retry, a fallback or a breaker failure. */
export const faultPolicy: Readonly<Record<FaultKind, FaultRule>> = Object.freeze({
  invalid_request: rule(400, 'invalid_request_error', null, 'never', false, 'none'),
  context_length: rule(400, 'invalid_request_error', 'context_length_exceeded', 'never', false, 'none'),
  content_filter: rule(400, 'invalid_request_error', 'content_filter', 'never', false, 'none'),
  model_not_found: rule(404, 'invalid_request_error', 'model_not_found', 'never', true, 'none'),
  unsupported: rule(501, 'not_implemented_error', 'not_implemented', 'never', true, 'none'),
  authentication: rule(502, 'server_error', 'upstream_authentication', 'never', true, 'failure'),
  quota_exhausted: rule(429, 'rate_limit_error', 'insufficient_quota', 'never', true, 'cooldown'),
  rate_limit: rule(429, 'rate_limit_error', 'rate_limit_exceeded', 'hint', true, 'cooldown'),
  overloaded: rule(503, 'service_unavailable_error', 'upstream_overloaded', 'always', true, 'failure'),
  upstream: rule(502, 'server_error', 'upstream_error', 'always', true, 'failure'),
  timeout: rule(504, 'server_error', 'upstream_timeout', 'connect', true, 'failure'),
  network: rule(502, 'server_error', 'upstream_unreachable', 'unsent', true, 'failure'),
  bad_response: rule(502, 'server_error', 'upstream_bad_response', 'never', true, 'failure'),
  cancelled: rule(499, 'server_error', 'client_closed_request', 'never', false, 'release'),
})

/** A fault with what the exchange knows about its circumstances. */
export type ObservedFault = Fault & {
  /** Which limit expired, for kind `timeout`. */
  readonly phase?: TimeoutPhase
  /** No byte of the request left: the upstream cannot have seen it. */
  readonly nothingSent?: boolean
  /** A kept-alive socket was closed by the upstream before any byte of an answer: the usual keep-alive race. */
  readonly reusedSocketDied?: boolean
  /** The upstream asks not to be asked again (`x-should-retry: false`). */
  readonly refusesRetry?: boolean
}

/** What `permit` to settle how. A keep-alive race is nobody's failure, so it does not count against the deployment. */
export function breakerRule(fault: ObservedFault): BreakerRule {
  return isSocketRace(fault) ? 'release' : faultPolicy[fault.kind].breaker
}

/**
 * What a fault does to the key that was used, where the provider has several; it is no failure of the deployment then. `retire`: not used
 * for any model. `refuse`: not used for this one. `rest`: the same until a limit is over; the deployment pauses only when all its keys do.
 */
export type KeyRule = 'retire' | 'refuse' | 'rest' | 'none'

/**
 * A 403 may be about the model: clients choose models, and must not be able to take a key from the others. An empty account is told with
 * 402, 403 or 400; with 429, a quota may be that of one model for one day. What a plugin threw by mistake says nothing of a key.
 */
export function keyRule({
  kind,
  status = 429,
  thrown,
}: ObservedFault & { readonly thrown?: unknown }): KeyRule {
  switch (kind) {
    case 'authentication':
      if (thrown !== undefined) return 'none'
      return status === 403 ? 'refuse' : 'retire'
    case 'quota_exhausted':
      return status === 429 ? 'rest' : 'retire'
    case 'rate_limit':
      return 'rest'
    default:
      return 'none'
  }
}

/** True for a fault after which its key is tried again only some minutes later. */
export function isRefusal(fault: ObservedFault): boolean {
  const rule = keyRule(fault)
  return rule === 'retire' || rule === 'refuse'
}

/** True for a reused socket that died before any answer byte. */
export function isSocketRace(fault: ObservedFault): boolean {
  return fault.kind === 'network' && fault.reusedSocketDied === true
}
