import { isObject, type OperationName, redactKeys, parseJson } from '@llmproxy/provider-kit'
import type { GatewayError } from './errors.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import type { AttemptRecord, Ending } from './metrics/outcome.ts'
import type { RequestRun } from './request-run.ts'
import { faultToError } from './resilience/fault-error.ts'
import { providersUnavailable } from './resilience/providers-unavailable.ts'
import type { Served } from './serve.ts'

export interface Failure {
  readonly error: GatewayError
  readonly ending: Ending
  /** The upstream's own error body, when it says the same in the client's dialect. */
  readonly body?: string
}

/**
 * The one error for a request that no deployment answered. `retryAfterMs`: milliseconds until the first deployment of its
 * route can be asked again.
 */
export function failureOf(
  run: RequestRun,
  served: Exclude<Served, { kind: 'answered' }>,
  retryAfterMs: number,
  showDetails: boolean,
  scrub: (text: string) => string,
): Failure {
  const { fault } = served
  const ending = endingOf(fault, served.kind === 'broken')
  const ended = served.kind === 'broken' || fault?.kind === 'cancelled' || run.cancelled !== undefined
  const attempts = fault === undefined ? run.attempts : upTo(run.attempts, fault)
  // The request's own limit says more than that the provider which it struck, among several, could not be asked.
  if (ended || fault?.phase === 'total') {
    return { error: faultToError(scrubbed(fault!, scrub), { attempts }), ending }
  }
  const safe = (records: readonly AttemptRecord[]) =>
    records.map((record) =>
      record.fault === undefined ? record : { ...record, fault: scrubbed(record.fault, scrub) },
    )
  const wait = retryAfterMs > 0 ? retryAfterMs : undefined
  const error = providersUnavailable(safe(attempts), wait, showDetails, safe(run.skipped))
  const body = fault === undefined ? undefined : relayedBody(fault, error, run.ingress.operation, scrub)
  return body === undefined ? { error, ending } : { error, ending, body }
}

/**
 * An error names the last of these: attempts to continue a stream are not the one that broke it off, and a larger model that is down is
 * not why a request is too long.
 */
function upTo(attempts: readonly AttemptRecord[], fault: AttemptFault): readonly AttemptRecord[] {
  const at = attempts.findIndex((attempt) => attempt.fault === fault)
  return at === -1 ? attempts : attempts.slice(0, at + 1)
}

function endingOf(fault: AttemptFault | undefined, committed: boolean): Ending {
  if (fault === undefined) return 'rejected'
  if (fault.kind === 'cancelled') return 'client_gone'
  if (fault.kind === 'timeout' && fault.status === undefined) return 'proxy_timeout'
  return committed && fault.inBand !== true ? 'upstream_cut' : 'upstream_error'
}

/** Whatever of a fault is shown. A code or field with a secret in it is none. */
function scrubbed(fault: AttemptFault, scrub: (text: string) => string): AttemptFault {
  const { code = null, param = null } = fault
  return {
    ...fault,
    message: scrub(fault.message),
    code: code !== null && scrub(code) !== code ? null : code,
    param: param !== null && scrub(param) !== param ? null : param,
  }
}

/** Error bodies are short; looking for keys in a long one takes time that grows with the square of its length. */
const longestEnvelope = 8192

/**
 * Clients recognise vendors' errors by wording and extra members, so a client's own mistake is answered with the upstream's
 * body where it has the right shape. Never for failures of ours: those texts may quote our key.
 */
function relayedBody(
  fault: AttemptFault,
  error: GatewayError,
  operation: OperationName,
  scrub: (text: string) => string,
): string | undefined {
  const { envelope } = fault
  if (envelope === undefined || envelope.length > longestEnvelope) return undefined
  if (error.status >= 500 || error.message !== scrub(fault.message)) return undefined
  const parsed = parseJson(envelope)
  const fits = operation === 'messages' ? isMessagesError(parsed) : isEnvelope(parsed, error.code)
  return fits ? scrub(redactKeys(typed(envelope, parsed, error.type))) : undefined
}

/** Some vendors leave the type empty, which clients compare. */
function typed(envelope: string, parsed: unknown, type: string): string {
  if (!isObject(parsed) || !isObject(parsed['error']) || parsed['error']['type'] !== null) return envelope
  return JSON.stringify({ ...parsed, error: { ...parsed['error'], type } })
}

/** All four members, and the code that we found ourselves: clients compare it. */
function isEnvelope(body: unknown, code: string | null): boolean {
  if (!isObject(body) || !isObject(body['error'])) return false
  const { message, type, param, code: own } = body['error']
  const named = typeof message === 'string' && (type === null || typeof type === 'string')
  return named && (param === null || typeof param === 'string') && own === code
}

function isMessagesError(body: unknown): boolean {
  if (!isObject(body) || body['type'] !== 'error' || !isObject(body['error'])) return false
  return typeof body['error']['type'] === 'string' && typeof body['error']['message'] === 'string'
}
