import {
  type FailedResponse,
  type Fault,
  type FaultKind,
  isContextLength,
  isObject,
  type JsonObject,
  openaiFault,
  ProviderFault,
  redactKeys,
  retryHint,
} from '@llmproxy/provider-kit'

/** What an exception means, and the status it comes with outside of streams. The list is open. */
const exceptions: Readonly<Record<string, { readonly kind: FaultKind; readonly status: number }>> = {
  ValidationException: { kind: 'invalid_request', status: 400 },
  AccessDeniedException: { kind: 'authentication', status: 403 },
  ResourceNotFoundException: { kind: 'model_not_found', status: 404 },
  ModelTimeoutException: { kind: 'timeout', status: 408 },
  ModelErrorException: { kind: 'upstream', status: 424 },
  ModelStreamErrorException: { kind: 'upstream', status: 424 },
  ThrottlingException: { kind: 'rate_limit', status: 429 },
  // The model is being loaded: that passes, and is no limit of the account.
  ModelNotReadyException: { kind: 'overloaded', status: 429 },
  InternalServerException: { kind: 'upstream', status: 500 },
  ServiceUnavailableException: { kind: 'overloaded', status: 503 },
}

/** The OpenAI code of each kind that has one. */
const codes: Partial<Record<FaultKind, string>> = {
  model_not_found: 'model_not_found',
  context_length: 'context_length_exceeded',
  rate_limit: 'rate_limit_exceeded',
  timeout: 'timeout',
  overloaded: 'overloaded',
}

/** Kinds for which waiting can help. */
const waits: ReadonlySet<FaultKind> = new Set(['rate_limit', 'overloaded', 'upstream', 'timeout'])

/**
 * Classifies a failure by the exception that the header `x-amzn-errortype` names, or by its status when that is one of this
 * vendor's; any other gets the default classification. `undefined` for errors inside of a 2xx.
 */
export function converseFault(response: FailedResponse): Fault | undefined {
  const { status, headers, body, inBand } = response
  if (inBand) return undefined
  const named = exceptionName(headers['x-amzn-errortype'] ?? (isObject(body) ? body['__type'] : undefined))
  if (named !== undefined && Object.hasOwn(exceptions, named)) return faultOf(named, body, response)
  const usual = openaiFault(response)
  // An answer without the header, from a proxy on the way: only this status means something else than elsewhere.
  const kind = status === 424 ? 'upstream' : usual.kind
  return { ...usual, kind, message: withoutSignature(usual.message) }
}

/** Complaints about a signature quote what was signed, the session token included, and the header with it. */
function withoutSignature(message: string): string {
  const quote = message.search(
    /\bThe Canonical String\b|\bAuthorization=|\bx-amz-security-token\b|AWS4-HMAC-SHA256/i,
  )
  return quote === -1 ? message : `${message.slice(0, quote).trimEnd()} […]`
}

/** The fault of an exception inside of a stream: the data of an event named `exception`. */
export function exceptionFault(exception: JsonObject): ProviderFault {
  const name = exceptionName(exception['type'])
  const response = { status: 200, headers: {}, body: exception, text: '', inBand: true }
  return new ProviderFault(faultOf(name ?? '', exception, response))
}

function faultOf(name: string, body: unknown, { status, headers, inBand }: FailedResponse): Fault {
  const known = Object.hasOwn(exceptions, name) ? exceptions[name] : undefined
  const given = isObject(body) ? (body['message'] ?? body['Message']) : undefined
  const message =
    typeof given === 'string' && given !== '' ? given : `the upstream reported ${name || 'an exception'}`
  const kind = kindOf(known?.kind ?? 'upstream', message)
  const wait = waits.has(kind) ? retryHint(headers, message) : undefined
  const shown = inBand ? known?.status : status
  return {
    kind,
    message: withoutSignature(redactKeys(message)),
    code: codes[kind] ?? null,
    param: null,
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(shown !== undefined && { status: shown }),
  }
}

/** A validation may also say that the prompt is too long. "Too many tokens, please wait" is throttling, and named so. */
function kindOf(kind: FaultKind, message: string): FaultKind {
  return kind === 'invalid_request' && isContextLength(message) ? 'context_length' : kind
}

/** `ValidationException:http://…`, `com.amazon.…#ValidationException` and `validationException` are one. */
function exceptionName(text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined
  const name = text.split(':')[0]?.split('#').at(-1)?.trim() ?? ''
  return name === '' ? undefined : name[0]!.toUpperCase() + name.slice(1)
}
