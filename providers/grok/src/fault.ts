import {
  errorDetail,
  type FailedResponse,
  type Fault,
  isObject,
  type JsonObject,
  openaiFault,
  ProviderFault,
} from '@llmproxy/provider-kit'

/** The phrases and slugs that stand in `code`, with the status that they come with. */
const phrases: readonly (readonly [RegExp, number])[] = [
  [/invalid.argument|failed.precondition|out.of.range/i, 400],
  [/unauthenticated/i, 401],
  [/does not have permission|permission.denied/i, 403],
  [/was not found|not.found/i, 404],
  [/exhausted/i, 429],
  [/unavailable/i, 503],
  [/deadline/i, 504],
]

/**
 * Classifies the vendor's errors: `{code, error}` with a phrase for a code, OpenAI's shape, a bare `{error}`, or plain text. A wrong
 * key is told with 400, refused content with 403, an unknown route with the 404 of an unknown model.
 */
export function grokFault(response: FailedResponse): Fault {
  const plain = readable(response)
  const detail = errorDetail(plain.body, plain.text)
  const message = detail.message ?? ''
  const fault = openaiFault(plain)
  if (/incorrect api key/i.test(message)) return { ...fault, kind: 'authentication', code: 'invalid_api_key' }
  if (/no handler found on route|double check your url/i.test(message)) return unknownRoute(fault)
  if (fault.kind === 'authentication' && /violates?\b.{0,20}\busage guidelines/i.test(message))
    return { ...fault, kind: 'content_filter', code: 'content_policy_violation' }
  return fault.kind === 'invalid_request' ? { ...fault, param: fault.param ?? placeIn(message) } : fault
}

/** The fault of an error inside a 2xx. */
export function inBandFault(body: unknown): ProviderFault {
  return new ProviderFault(
    grokFault({ status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }),
  )
}

/**
 * The address or the operation is not there: nothing that the client could do, and no wrong model. Not a refused key either,
 * which would count against every other operation of this provider: the next one is asked, else it is 501.
 */
function unknownRoute(fault: Fault): Fault {
  return {
    ...fault,
    kind: 'unsupported',
    code: null,
    message: 'the upstream has no such route: check base_url, or the operation is no longer offered there',
  }
}

/** The answer with its text decoded, where it was percent-encoded, and its phrase as a status, inside of a 2xx. */
function readable(response: FailedResponse): FailedResponse {
  const text = decoded(response.text)
  const body = typeof response.body === 'string' ? decoded(response.body) : response.body
  if (!isObject(body)) return { ...response, body, text }
  const error = typeof body['error'] === 'string' ? decoded(body['error']) : body['error']
  return { ...response, text, body: withStatus({ ...body, error }, response.inBand) }
}

function withStatus(body: JsonObject, inBand: boolean): JsonObject {
  const { code, error } = body
  const words = [code, isObject(error) ? error['code'] : undefined].filter((word) => typeof word === 'string')
  const status = inBand ? phrases.find(([phrase]) => words.some((word) => phrase.test(word)))?.[1] : undefined
  return status === undefined ? body : { ...body, status }
}

function decoded(text: string): string {
  if (!/%20/.test(text)) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replaceAll('%20', ' ')
  }
}

/** `Failed to deserialize the JSON body into the target type: messages[0].role: unknown variant …` */
function placeIn(message: string): string | null {
  return /into the target type: ([\w.[\]]{1,128}): /.exec(message)?.[1] ?? null
}
