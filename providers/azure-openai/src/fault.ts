import { errorDetail, type FailedResponse, type Fault, isObject, openaiFault } from '@llmproxy/provider-kit'

/**
 * Classifies a failure. The shapes are OpenAI's, one with a status as `code` (`{"error": {"code": "429"}}`), and that of the
 * management layer in front (`{"statusCode": 401, "message": …}`).
 */
export function azureFault(response: FailedResponse): Fault {
  const usual = openaiFault(response)
  const { status, inBand } = response
  if (inBand) return usual
  if (status === 400) return badRequest(usual, response)
  if (status === 404 && !deploymentIsMissing(response)) return misconfigured(usual)
  // A source of one's own data failed, not the request.
  if (status === 424) return { ...usual, kind: 'upstream' }
  // A whole day: the request alone is larger than the quota for a minute.
  if (status === 429 && /retry after 86400 seconds/i.test(usual.message))
    return { ...usual, kind: 'quota_exhausted', code: 'request_too_large', retryAfterMs: 0 }
  return usual
}

function badRequest(fault: Fault, { body }: FailedResponse): Fault {
  if (isFiltered(body)) return { ...fault, kind: 'content_filter' }
  if (/unsupported api.?version|api.?version .{0,60}not (?:supported|valid)/i.test(fault.message))
    return misconfigured(fault)
  const argument = /Unrecognized request arguments? supplied: ([\w.]+)/.exec(fault.message)?.[1]
  return argument === undefined || typeof fault.param === 'string' ? fault : { ...fault, param: argument }
}

/** Whatever its `code`: the inner error says who refused. */
function isFiltered(body: unknown): boolean {
  const error = isObject(body) ? body['error'] : undefined
  const inner = isObject(error) ? error['innererror'] : undefined
  return isObject(inner) && inner['code'] === 'ResponsibleAIPolicyViolation'
}

function deploymentIsMissing({ body, text }: FailedResponse): boolean {
  return /\b(?:deploymentnotfound|model_not_found)\b/.test(errorDetail(body, text).words)
}

/** A path or a version that is not there is no unknown model: no other model will be found at it either. */
function misconfigured(fault: Fault): Fault {
  return {
    ...fault,
    kind: 'bad_response',
    code: null,
    message: `${fault.message} (check base_url, api and api_version of the provider)`,
  }
}
