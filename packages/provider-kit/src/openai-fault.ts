import { isContextLength } from './context-length.ts'
import type { FailedResponse } from './contract.ts'
import { type ErrorDetail, errorDetail } from './error-detail.ts'
import type { Fault, FaultKind } from './fault.ts'
import { redactKeys } from './redact.ts'
import { headersInBody, retryHint } from './retry-hint.ts'

/**
 * The default classification of a failed answer. The HTTP status decides, then machine codes; text only where vendors
 * have nothing else: quota or rate limit, a request that can never fit a per-minute limit, context length.
 * The message has no key parts in it. `nowEpochMs` is used only for a `retry-after` date without a `date` header.
 *
 * A request that is larger than the account's whole per-minute limit, its credit, or than its plan allows, is `quota_exhausted` with code `request_too_large` and a
 * wait of 0: waiting does not help, another provider does, and smaller requests of others need not pause.
 */
export function openaiFault(response: FailedResponse, nowEpochMs?: number): Fault {
  const detail = errorDetail(response.body, response.text)
  const status = response.inBand ? frameStatus(detail) : response.status
  const signs = { status, inBand: response.inBand, detail, text: `${detail.words} ${detail.message ?? ''}` }
  const tooLarge = neverFits(signs)
  const kind = tooLarge ? 'quota_exhausted' : classify(signs)
  const hint = tooLarge ? 0 : waitFor(kind, response, nowEpochMs)
  return {
    kind,
    message: redactKeys(detail.message ?? defaultMessage(response)),
    code: tooLarge ? 'request_too_large' : detail.code,
    param: detail.param,
    ...(hint === undefined ? {} : { retryAfterMs: hint }),
    ...statusOf(response, detail),
  }
}

function waitFor(
  kind: FaultKind,
  { headers, body, text }: FailedResponse,
  nowEpochMs?: number,
): number | undefined {
  if (!waitable.has(kind)) return undefined
  return retryHint({ ...headersInBody(body), ...headers }, text, nowEpochMs)
}

interface Signs {
  readonly status: number
  readonly inBand: boolean
  readonly detail: ErrorDetail
  /** Codes, types and message together. */
  readonly text: string
}

/** The kinds for which waiting can help. */
const waitable: ReadonlySet<FaultKind> = new Set([
  'rate_limit',
  'overloaded',
  'quota_exhausted',
  'upstream',
  'timeout',
])

const filterCodes =
  /\b(?:content_filter|content_policy_violation|moderation_blocked|responsibleaipolicyviolation)\b/
const quotaCodes =
  /\b(?:insufficient_quota|insufficient_balance|billing_hard_limit_reached|billing_not_active)\b/
const quotaTexts =
  /exceeded your current quota|credit balance is too low|used all available credits|spending limit|insufficient (?:balance|credits?|funds|quota)|out of credits|per-day\b|(?:per|\/) ?month\b/i

const contextStatuses: ReadonlySet<number> = new Set([400, 413, 422, 500])
const quotaStatuses: ReadonlySet<number> = new Set([400, 402, 403, 429])

function classify(signs: Signs): FaultKind {
  const { status, inBand, detail, text } = signs
  const clientSide = status >= 400 && status < 500
  if (clientSide && filterCodes.test(detail.words)) return 'content_filter'
  if ((inBand || contextStatuses.has(status)) && isContextLength(text)) return 'context_length'
  if (status === 402 || (quotaStatuses.has(status) && outOfQuota(signs))) return 'quota_exhausted'
  if (status === 400 && /\b(?:invalid_api_key|authentication_error)\b/.test(detail.words))
    return 'authentication'
  // 403: a model that the account may not use does not exist for it.
  if ((status === 400 || status === 403) && /\bmodel_not_found\b/.test(detail.words)) return 'model_not_found'
  return byStatus(status)
}

function outOfQuota({ detail, text }: Signs): boolean {
  return quotaCodes.test(detail.words) || quotaTexts.test(text)
}

/**
 * `Extra usage is required for long context requests`, `Request too large for … tokens per min (TPM): Limit 30000, Requested 34307`,
 * `requires more credits, or fewer max_tokens`: no wait makes room for it.
 */
function neverFits({ status, text }: Signs): boolean {
  if (status === 402) return /\b(?:fewer|lower) max_tokens\b/i.test(text)
  if (status !== 429 && status !== 413) return false
  if (/extra usage is required/i.test(text)) return true
  if (!/tokens per min|\(TPM\)/i.test(text)) return false
  const numbers = /limit:? (\d+)\D{1,40}requested:? (\d+)/i.exec(text)
  return numbers === null ? /request too large/i.test(text) : Number(numbers[2]) > Number(numbers[1])
}

function byStatus(status: number): FaultKind {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return 'authentication'
    case 404:
    case 410:
      return 'model_not_found'
    case 408:
    case 504:
    case 524:
      return 'timeout'
    case 429:
      return 'rate_limit'
    case 498:
    case 503:
    case 529:
      return 'overloaded'
    default:
      if (status >= 500) return 'upstream'
      return status >= 400 ? 'invalid_request' : 'bad_response'
  }
}

const frameStatuses: readonly (readonly [RegExp, number])[] = [
  [/insufficient_quota|rate_limit/, 429],
  [/authentication|invalid_api_key/, 401],
  [/permission/, 403],
  [/not_found/, 404],
  // Before `invalid`: the type of a content filter is that of any invalid request.
  [/invalid|bad_request|context_length|content_filter|content_policy|moderation_blocked/, 400],
  [/overload/, 503],
  [/timeout/, 504],
]

/** The status that an error inside a 2xx would have had. */
function frameStatus({ status, words }: ErrorDetail): number {
  return status ?? frameStatuses.find(([pattern]) => pattern.test(words))?.[1] ?? 500
}

function statusOf(response: FailedResponse, detail: ErrorDetail): { status?: number } {
  if (!response.inBand) return { status: response.status }
  return detail.status === undefined ? {} : { status: detail.status }
}

function defaultMessage({ status, inBand }: FailedResponse): string {
  if (inBand) return 'the upstream reported an error without saying which'
  if (status >= 300 && status < 400) {
    return `the upstream answered with a redirect (${status}), and redirects are not followed: check base_url`
  }
  return `the upstream answered ${status} without an error message`
}
