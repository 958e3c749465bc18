import {
  type FailedResponse,
  type Fault,
  type FaultKind,
  type HealthAnswer,
  type HealthVerdict,
  healthVerdict,
  isContextLength,
  isObject,
  type JsonObject,
  openaiFault,
  ProviderFault,
  redactKeys,
  retryHint,
} from '@llmproxy/provider-kit'

interface Meaning {
  readonly kind: FaultKind
  readonly status: number
  readonly code?: string
}

/** What the vendor's status words mean, and the HTTP status that they come with. */
const meanings: Readonly<Record<string, Meaning>> = {
  INVALID_ARGUMENT: { kind: 'invalid_request', status: 400 },
  FAILED_PRECONDITION: { kind: 'invalid_request', status: 400 },
  OUT_OF_RANGE: { kind: 'invalid_request', status: 400 },
  UNAUTHENTICATED: { kind: 'authentication', status: 401, code: 'invalid_api_key' },
  PERMISSION_DENIED: { kind: 'authentication', status: 403, code: 'permission_denied' },
  NOT_FOUND: { kind: 'model_not_found', status: 404, code: 'model_not_found' },
  RESOURCE_EXHAUSTED: { kind: 'rate_limit', status: 429, code: 'rate_limit_exceeded' },
  INTERNAL: { kind: 'upstream', status: 500 },
  UNAVAILABLE: { kind: 'overloaded', status: 503, code: 'overloaded' },
  DEADLINE_EXCEEDED: { kind: 'timeout', status: 504, code: 'timeout' },
}
const byHttp: ReadonlyMap<number, Meaning> = new Map(
  Object.values(meanings)
    .toReversed()
    .map((meaning) => [meaning.status, meaning]),
)
const badKey: Meaning = { kind: 'authentication', status: 400, code: 'invalid_api_key' }
const tooLong: Meaning = { kind: 'context_length', status: 400, code: 'context_length_exceeded' }
const usedUp: Meaning = { kind: 'quota_exhausted', status: 429, code: 'insufficient_quota' }
/** Kinds for which waiting can help. A quota of the day is not back after the seconds that stand beside it. */
const waits: ReadonlySet<FaultKind> = new Set(['rate_limit', 'overloaded', 'upstream', 'timeout'])

/** Classifies the vendor's error shape; `undefined` for any other body, which then gets the default classification. */
export function contentFault(response: FailedResponse): Fault | undefined {
  const error = errorOf(response.body)
  if (error === undefined) return undefined
  const { message: text, status: word } = error
  const listed = typeof word === 'string' && Object.hasOwn(meanings, word) ? meanings[word] : undefined
  const http = response.inBand ? numberOf(error['code']) : response.status
  const usual = listed ?? (http === undefined ? undefined : byHttp.get(http))
  if (usual === undefined) return undefined
  const message =
    typeof text === 'string' && text !== ''
      ? text
      : typeof word === 'string'
        ? word
        : 'an error without a message'
  const { kind, code, status } = meaningOf(usual, detailsOf(error), message)
  const wait = waits.has(kind) ? (retryDelay(error) ?? retryHint(response.headers, message)) : undefined
  return {
    kind,
    message: redactKeys(message),
    code: code ?? null,
    param: null,
    ...(wait !== undefined && { retryAfterMs: wait }),
    status: response.inBand ? (http ?? status) : response.status,
  }
}

/** Throws the fault of an error that stands inside a 2xx; returns when `body` is none. */
export function throwInBand(body: unknown): void {
  // `null`, `false` and `""` are how servers say "no error"; a proxy on the way may say it in a word.
  if (errorOf(body) === undefined && !(isObject(body) && Boolean(body['error']))) return
  const response = { status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }
  throw new ProviderFault(contentFault(response) ?? openaiFault(response))
}

/** The vendor tells of a wrong key with 400, which would pass for a bad probe. */
export function keyVerdict(answer: HealthAnswer): HealthVerdict | undefined {
  const fault = contentFault({ ...answer, inBand: false })
  return fault === undefined ? undefined : healthVerdict(answer, fault)
}

/** What the words of an error say beyond its status. */
function meaningOf(usual: Meaning, details: readonly JsonObject[], message: string): Meaning {
  const wrongKey = details.some(({ reason }) => reason === 'API_KEY_INVALID')
  if (wrongKey || (usual.status === 400 && /api key (?:not valid|expired)/i.test(message))) return badKey
  const contextual = usual.kind === 'invalid_request' || usual.kind === 'upstream'
  if (contextual && isContextLength(message)) return tooLong
  const daily = usual.kind === 'rate_limit' && details.some(isDailyQuota)
  return daily ? usedUp : usual
}

/** Streams that are not server-sent events put their error into an array. */
function errorOf(body: unknown): JsonObject | undefined {
  const [only] = Array.isArray(body) ? (body as unknown[]) : [body]
  const error = isObject(only) ? only['error'] : undefined
  return isObject(error) ? error : undefined
}

function detailsOf(error: JsonObject): readonly JsonObject[] {
  const { details } = error
  return Array.isArray(details) ? details.filter(isObject) : []
}

function isDailyQuota({ violations }: JsonObject): boolean {
  if (!Array.isArray(violations)) return false
  return violations.some(
    (each: unknown) =>
      isObject(each) && typeof each['quotaId'] === 'string' && /PerDay/i.test(each['quotaId']),
  )
}

/** `RetryInfo` says it in seconds: `34.4s`. */
function retryDelay(error: JsonObject): number | undefined {
  const delay = detailsOf(error).find(({ retryDelay: given }) => typeof given === 'string')?.['retryDelay']
  const seconds = typeof delay === 'string' ? /^(\d+(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined
  return seconds === undefined ? undefined : Number(seconds) * 1000
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 400 && value <= 599 ? value : undefined
}
