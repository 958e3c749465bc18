import {
  errorMessage,
  type FailedResponse,
  type Fault,
  type FaultKind,
  isContextLength,
  openaiFault,
  ProviderFault,
  redactKeys,
  retryHint,
} from '@llmproxy/provider-kit'
import { resetWait } from './rate-limit-reset.ts'
import { isObject } from './wire.ts'

/** What an error type means, and the status it comes with outside of streams. The list of types is open. */
const types: Readonly<Record<string, { readonly kind: FaultKind; readonly status: number }>> = {
  invalid_request_error: { kind: 'invalid_request', status: 400 },
  authentication_error: { kind: 'authentication', status: 401 },
  billing_error: { kind: 'quota_exhausted', status: 402 },
  permission_error: { kind: 'authentication', status: 403 },
  not_found_error: { kind: 'model_not_found', status: 404 },
  // A conflict with another request of the account passes; it says nothing about this one.
  conflict_error: { kind: 'upstream', status: 409 },
  // The body limit: a shorter conversation helps, as with a context that is too long.
  request_too_large: { kind: 'context_length', status: 413 },
  rate_limit_error: { kind: 'rate_limit', status: 429 },
  api_error: { kind: 'upstream', status: 500 },
  timeout_error: { kind: 'timeout', status: 504 },
  overloaded_error: { kind: 'overloaded', status: 529 },
}

/** The OpenAI code of each kind that has one. */
const codes: Partial<Record<FaultKind, string>> = {
  authentication: 'invalid_api_key',
  quota_exhausted: 'insufficient_quota',
  model_not_found: 'model_not_found',
  context_length: 'context_length_exceeded',
  rate_limit: 'rate_limit_exceeded',
  timeout: 'timeout',
  overloaded: 'overloaded',
}

/** Classifies the vendor's error shape; `undefined` for any other body, which then gets the default classification. */
export function messagesFault(response: FailedResponse): Fault | undefined {
  const error = isObject(response.body) ? response.body['error'] : undefined
  if (!isObject(error) || typeof error['type'] !== 'string') return undefined
  const type = error['type']
  const message = errorMessage(response.body, '') ?? type
  const known = Object.hasOwn(types, type) ? types[type] : undefined
  // Proxies in front of the vendor answer in shapes of their own.
  if (known === undefined && !(isObject(response.body) && response.body['type'] === 'error')) return undefined
  const status = response.inBand ? known?.status : response.status
  const tooLong = type === 'rate_limit_error' && /extra usage is required/i.test(message)
  const kind = tooLong ? 'quota_exhausted' : kindOf(known?.kind ?? kindOfStatus(status), message)
  const wait = waits.has(kind)
    ? (retryHint(response.headers, message) ?? resetWait(response.headers))
    : undefined
  return {
    kind,
    message: redactKeys(message),
    code: tooLong ? 'request_too_large' : codeOf(type, kind),
    param: /maximum allowed number of output tokens/i.test(message) ? 'max_tokens' : null,
    // The plan has no long context: waiting never helps, another provider does, and shorter requests need not pause.
    ...(tooLong ? { retryAfterMs: 0 } : wait === undefined ? {} : { retryAfterMs: wait }),
    ...(status === undefined ? {} : { status }),
  }
}

/** The fault of an error inside a 2xx: an `error` event, or an error instead of a message. */
export function inBandFault(body: unknown): ProviderFault {
  const response = { status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }
  return new ProviderFault(messagesFault(response) ?? openaiFault(response))
}

/** Kinds for which waiting can help. */
const waits: ReadonlySet<FaultKind> = new Set(['rate_limit', 'overloaded', 'upstream', 'timeout'])

function codeOf(type: string, kind: FaultKind): string | null {
  return type === 'request_too_large' || type === 'permission_error' ? type : (codes[kind] ?? null)
}

/** Texts that mean something else than their type says. */
function kindOf(kind: FaultKind, message: string): FaultKind {
  if (kind !== 'invalid_request') return kind
  if (/credit balance is too low/i.test(message)) return 'quota_exhausted'
  return isContextLength(message) ? 'context_length' : kind
}

function kindOfStatus(status: number | undefined): FaultKind {
  if (status === undefined) return 'upstream'
  const listed = Object.values(types).find((known) => known.status === status)
  if (listed !== undefined) return listed.kind
  if (status === 503) return 'overloaded'
  return status >= 500 ? 'upstream' : 'invalid_request'
}
