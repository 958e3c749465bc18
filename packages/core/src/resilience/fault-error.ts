import type { FaultKind, HeaderMap } from '@llmproxy/provider-kit'
import { GatewayError } from '../errors.ts'
import type { AttemptRecord, TimeoutPhase } from '../metrics/outcome.ts'
import { faultPolicy, type ObservedFault } from './fault-table.ts'

export interface FaultToErrorOptions {
  /** The attempts of this client request so far, the failed one included. */
  readonly attempts: readonly AttemptRecord[]
  /** When the deployment can be asked again, in milliseconds, for a fault that carries no hint itself. */
  readonly retryAfterMs?: number | undefined
}

/** Clients compare these codes, so a vendor's own word never replaces them. */
const fixedCodes: ReadonlySet<FaultKind> = new Set([
  'context_length',
  'model_not_found',
  'authentication',
  'cancelled',
])

/** Which limit it was is what a client, and who looks for the cause, must know first. */
export const timeoutCodes: Readonly<Record<TimeoutPhase, string>> = {
  connect: 'upstream_connect_timeout',
  first_byte: 'upstream_first_byte_timeout',
  idle: 'upstream_idle_timeout',
  total: 'request_timeout',
  stream: 'stream_timeout',
}

/** Seconds. A wish of the upstream beyond a day is a mistake, and large numbers are not written as digits. */
const longestRetryAfter = 86_400

const word = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/

/** When a fault has no text of its own. */
const texts: Readonly<Record<FaultKind, string>> = {
  invalid_request: 'The upstream refused the request as invalid',
  context_length: 'The request is longer than the context of the model',
  content_filter: 'The upstream’s content filter stopped the request',
  model_not_found: 'The upstream does not know the model',
  unsupported: 'The upstream does not support the operation',
  authentication: 'The upstream refused the credentials of the gateway',
  quota_exhausted: 'The upstream account has no quota left',
  rate_limit: 'The upstream’s rate limit is reached',
  overloaded: 'The upstream is overloaded',
  upstream: 'The upstream failed',
  timeout: 'The upstream did not answer in time',
  network: 'The upstream could not be reached',
  bad_response: 'The upstream sent an answer that cannot be read',
  cancelled: 'The client closed the request',
}

/**
 * The error that a client sees for one fault: status, type and code of the fault table; the vendor's own message, field,
 * and code when it is a word. A refusal of our key never shows the vendor's text, which may quote the key.
 */
export function faultToError(fault: ObservedFault, options: FaultToErrorOptions): GatewayError {
  const { status, type } = faultPolicy[fault.kind]
  return new GatewayError(status, type, messageOf(fault, options.attempts), {
    param: fault.param ?? null,
    code: codeOf(fault),
    headers: retryHeaders(
      fault.retryAfterMs ?? options.retryAfterMs,
      mayClientRetry(fault, options.attempts),
    ),
  })
}

/**
 * `x-should-retry: false` keeps client libraries from multiplying our retries; `retry-after` is in whole seconds, rounded
 * up, at least 1 (`0` would make clients come back at once) and at most a day.
 */
export function retryHeaders(retryAfterMs: number | undefined, mayRetry = false): HeaderMap {
  return {
    ...(mayRetry ? {} : { 'x-should-retry': 'false' }),
    ...(retryAfterMs === undefined || !Number.isFinite(retryAfterMs)
      ? {}
      : { 'retry-after': String(Math.min(longestRetryAfter, Math.max(1, Math.ceil(retryAfterMs / 1000)))) }),
  }
}

/**
 * Only a rate limit that was passed on without a retry of our own is left to the client: it then waits as the vendor
 * asked, and nothing is multiplied.
 */
function mayClientRetry(fault: ObservedFault, attempts: readonly AttemptRecord[]): boolean {
  if (fault.kind !== 'rate_limit') return false
  return deployments(attempts).size >= attempts.length
}

/** The distinct deployments among `attempts`, as `provider/model`. */
export function deployments(attempts: readonly AttemptRecord[]): ReadonlySet<string> {
  return new Set(attempts.map((attempt) => `${attempt.provider}/${attempt.model}`))
}

function messageOf(fault: ObservedFault, attempts: readonly AttemptRecord[]): string {
  const text = fault.message.trim() || texts[fault.kind]
  const name = attempts.at(-1)?.provider
  const provider = name === undefined ? undefined : `Provider ${JSON.stringify(name)}`
  // Nothing of the vendor's stands in a failure of the transport: without a name nobody knows where to look.
  if (fault.kind === 'network' || isSilence(fault))
    return provider === undefined ? text : `${provider}: ${text}`
  if (fault.kind !== 'authentication') return text
  const named =
    provider === undefined ? texts.authentication : `${provider} refused the credentials of the gateway`
  return `${named}${fault.status === undefined ? '' : ` (HTTP ${fault.status})`}: its key in the gateway’s configuration must be checked`
}

function codeOf(fault: ObservedFault): string | null {
  const { code } = faultPolicy[fault.kind]
  if (fixedCodes.has(fault.kind)) return code
  if (typeof fault.code === 'string' && word.test(fault.code)) return fault.code
  return fault.kind === 'timeout' && fault.phase !== undefined ? timeoutCodes[fault.phase] : code
}

/** A limit that one upstream has reached, not the request as a whole. */
function isSilence({ phase }: ObservedFault): boolean {
  return phase === 'connect' || phase === 'first_byte' || phase === 'idle'
}
