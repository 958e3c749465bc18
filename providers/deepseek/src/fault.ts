import { type FailedResponse, type Fault, isObject, openaiFault } from '@llmproxy/provider-kit'

/**
 * Classifies a failure by its status; texts tell context length and credit. The vendor puts a type of errors into `code`
 * (`invalid_request_error`, whatever it is): it is no code, and inside of a stream it would hide what the type says.
 */
export function chatFault(response: FailedResponse): Fault {
  return openaiFault({ ...response, body: withoutFalseCode(response.body) })
}

function withoutFalseCode(body: unknown): unknown {
  if (!isObject(body) || !isObject(body['error'])) return body
  const { code, ...rest } = body['error']
  return typeof code === 'string' && code.endsWith('_error') ? { ...body, error: rest } : body
}
