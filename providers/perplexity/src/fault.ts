import {
  errorDetail,
  type FailedResponse,
  type Fault,
  isObject,
  openaiFault,
  redactKeys,
} from '@llmproxy/provider-kit'

/**
 * Classifies the vendor's errors. Their `code` is the HTTP status, and the `type` is the word; validation problems come as
 * `{detail: [{loc, msg}]}`; a wrong key is often answered by a page of HTML.
 */
export function perplexityFault(response: FailedResponse): Fault {
  const fault = openaiFault(response)
  const { words } = errorDetail(response.body, response.text)
  if (/\binvalid_model\b/.test(words))
    return { ...fault, kind: 'model_not_found', code: 'model_not_found', param: 'model' }
  if (fault.kind === 'authentication' && response.body === undefined)
    return { ...fault, message: `the upstream refused the key (${response.status})` }
  return fault.kind === 'invalid_request' ? { ...fault, param: fault.param ?? placeOf(response.body) } : fault
}

/** The member at fault, from `loc: ["body", "messages", 0, "content"]`. */
function placeOf(body: unknown): string | null {
  const detail: unknown = isObject(body) ? body['detail'] : undefined
  const loc: unknown = Array.isArray(detail) && isObject(detail[0]) ? detail[0]['loc'] : undefined
  if (!Array.isArray(loc)) return null
  const path = loc
    .slice(loc[0] === 'body' ? 1 : 0)
    .map((step: unknown) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
  return /^[\w.[\]-]{1,128}$/.test(path) ? redactKeys(path) : null
}
