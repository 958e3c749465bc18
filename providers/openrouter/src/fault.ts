import {
  errorMessage,
  type FailedResponse,
  type Fault,
  type FaultKind,
  type HeaderMap,
  isObject,
  type JsonObject,
  openaiFault,
  redactKeys,
} from '@llmproxy/provider-kit'
import { kindOfType } from './error-types.ts'

/**
 * Classifies the vendor's errors: by `metadata.error_type` first, then as usual. What the model's own vendor said stands in
 * `metadata.raw`, and becomes the message with that vendor's name in front.
 */
export function openrouterFault(response: FailedResponse): Fault {
  const error = isObject(response.body) ? errorIn(response.body) : undefined
  if (!isObject(error)) return openaiFault(response)
  const metadata = isObject(error['metadata']) ? error['metadata'] : {}
  const headers = { ...headersIn(metadata), ...response.headers }
  const { retryAfterMs, ...usual } = openaiFault({ ...response, headers, body: { error } })
  const kind = kindOf(usual, error, metadata)
  const own = word(metadata['provider_code'])
  const code =
    own ?? usual.code ?? (kind === 'content_filter' ? 'content_policy_violation' : typeCode(kind, metadata))
  return {
    ...usual,
    kind,
    code,
    message: redactKeys(withoutPrompt(messageOf(usual, metadata), metadata)),
    ...(retryAfterMs !== undefined && waitable.has(kind) && { retryAfterMs }),
  }
}

/** The error that a body or a chunk carries, at its top or in one of its choices; `undefined` when there is none. */
export function errorIn(body: JsonObject): unknown {
  if (body['error']) return body['error']
  const { choices } = body
  if (!Array.isArray(choices)) return undefined
  return choices.map((choice: unknown) => (isObject(choice) ? choice['error'] : undefined)).find(Boolean)
}

/** The kinds for which waiting can help. */
const waitable: ReadonlySet<FaultKind> = new Set([
  'rate_limit',
  'overloaded',
  'quota_exhausted',
  'upstream',
  'timeout',
])

function kindOf(usual: Fault, error: JsonObject, metadata: JsonObject): FaultKind {
  if (isModeration(metadata)) return 'content_filter'
  const typed = kindOfType(metadata['error_type'])
  if (typed === undefined) return usual.kind
  // The texts know more than a general type: a prompt that is too long, a quota for the day.
  if (typed === 'invalid_request' && usual.kind === 'context_length') return usual.kind
  if (typed === 'rate_limit' && /per-day\b/i.test(String(error['message']))) return 'quota_exhausted'
  if (typed === 'rate_limit' && usual.kind === 'quota_exhausted') return usual.kind
  return typed
}

/** The vendor's own filter, and the operator's. */
function isModeration({ reasons, flagged_input, patterns }: JsonObject): boolean {
  return Array.isArray(reasons) || Array.isArray(patterns) || typeof flagged_input === 'string'
}

function messageOf({ message }: Fault, { raw, provider_name: provider }: JsonObject): string {
  const text = raw === undefined || raw === null ? undefined : errorMessage(raw, '')
  if (text === undefined || typeof provider !== 'string' || provider === '') return text ?? message
  return `[${provider}] ${text}`
}

/** The beginning of the prompt is quoted beside the message, and in some texts inside of it. */
function withoutPrompt(message: string, { flagged_input: prompt }: JsonObject): string {
  // A few letters tell nothing, and stand in every text.
  const telling = typeof prompt === 'string' && prompt.trim().length > 3
  return telling ? message.replaceAll(prompt.trim(), '[redacted]') : message
}

/** Which of the many wrong requests it was; for every other kind the gateway's own word is the better one. */
function typeCode(kind: FaultKind, metadata: JsonObject): string | null {
  return kind === 'invalid_request' ? word(metadata['error_type']) : null
}

function word(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z_][\w.-]{0,63}$/.test(value) ? value : null
}

/** The headers of the limit that was met, where the vendor tells them in the body only. */
function headersIn({ headers }: JsonObject): HeaderMap {
  if (!isObject(headers)) return {}
  const texts = Object.entries(headers).filter(([, value]) => ['string', 'number'].includes(typeof value))
  return Object.fromEntries(texts.map(([name, value]) => [name.toLowerCase(), String(value)]))
}
