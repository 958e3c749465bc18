import { type FailedResponse, type Fault, isObject, openaiFault, ProviderFault } from '@llmproxy/provider-kit'

/**
 * Classifies the vendor's errors, which come in four shapes: flat with `object: "error"`, `{detail: "…"}`, `{detail: [{loc, msg, input}]}`
 * and `{message, request_id}`. Of the third only `loc` and `msg` are read: `input` repeats the prompt.
 */
export function mistralFault(given: FailedResponse): Fault {
  const response = isCut(given) ? { ...given, text: toldBeforeInput(given.text) } : given
  const fault = openaiFault(response)
  const param = fault.param ?? paramOf(response.body)
  return { ...fault, ...kindOf(fault, response), ...(param !== undefined && { param }) }
}

/** The fault of an error that is the body of a 2xx. */
export function inBandFault(body: object): ProviderFault {
  const response = { status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }
  return new ProviderFault(mistralFault(response))
}

/** JSON that is not whole: an error that repeats its input is as long as the request was, and only its beginning is read. */
function isCut({ body, text }: FailedResponse): boolean {
  return body === undefined && /^\s*[{[]/.test(text)
}

/** What stands in front of the input; nothing when the input comes first. */
function toldBeforeInput(text: string): string {
  const [told = ''] = text.split('"input"', 1)
  return told === text ? '' : (/"msg"\s*:\s*"([^"\\]{1,200})"/.exec(told)?.[1] ?? '')
}

function kindOf({ kind, message }: Fault, { body }: FailedResponse): Pick<Fault, 'kind'> & Partial<Fault> {
  // Everybody's capacity for this model, not this account's share of requests: the vendor is overloaded, and other models
  // of the account need not pause.
  if (kind === 'rate_limit' && /capacity exceeded/i.test(message)) return { kind: 'overloaded', code: null }
  if (kind === 'invalid_request' && isObject(body) && body['type'] === 'invalid_model')
    return { kind: 'model_not_found' }
  return { kind }
}

/** `["body", "messages", 0, "content"]` as the path `messages[0].content`. */
function paramOf(body: unknown): string | undefined {
  const inner = isObject(body) && isObject(body['message']) ? body['message'] : body
  const detail: unknown = isObject(inner) ? inner['detail'] : undefined
  const first: unknown = Array.isArray(detail) ? detail[0] : undefined
  if (!isObject(first) || !Array.isArray(first['loc'])) return undefined
  const steps = first['loc'].filter((step, index) => index > 0 || step !== 'body')
  const path = steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')
  return /^\.[\w.[\]-]{1,127}$/.test(path) ? path.slice(1) : undefined
}
