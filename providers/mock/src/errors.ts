import type { Behaviour } from './model-name.ts'
import { json, type Step, text } from './script.ts'

/** The two dialects that the mock speaks. */
export type Wire = 'openai' | 'anthropic'

/** An error before it is written in a dialect. */
export interface MockError {
  readonly status: number
  readonly message: string
  /** OpenAI's `type`; Anthropic's follows from the status. */
  readonly type?: string
  readonly code?: string | null
  readonly param?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

const openaiByStatus: Readonly<Record<number, { type: string; code: string | null; message: string }>> = {
  401: { type: 'invalid_request_error', code: 'invalid_api_key', message: 'Incorrect API key provided.' },
  403: { type: 'request_forbidden', code: null, message: 'The request is forbidden.' },
  404: { type: 'invalid_request_error', code: 'model_not_found', message: 'The model does not exist.' },
  429: { type: 'requests', code: 'rate_limit_exceeded', message: 'Rate limit reached for requests.' },
  503: { type: 'server_error', code: null, message: 'The engine is currently overloaded.' },
  529: { type: 'overloaded_error', code: null, message: 'Overloaded' },
}

const anthropicByStatus: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  409: 'conflict_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** The error that a vendor sends with `status`. */
export function statusError(status: number): MockError {
  const row = openaiByStatus[status]
  if (row) return { status, ...row }
  const type = status < 500 ? 'invalid_request_error' : 'server_error'
  return { status, type, code: null, message: `The mock answers ${status} on purpose.` }
}

/** A 400 about the request; `param` is the field at fault. */
export function badRequest(message: string, param: string | null, code: string | null = null): MockError {
  return { status: 400, type: 'invalid_request_error', message, param, code }
}

/** The body of an error in one dialect. */
export function errorBody(error: MockError, wire: Wire): object {
  if (wire === 'anthropic') {
    const type =
      anthropicByStatus[error.status] ?? (error.status < 500 ? 'invalid_request_error' : 'api_error')
    return { type: 'error', error: { type, message: error.message } }
  }
  const { message, type = 'invalid_request_error', param = null, code = null } = error
  return { error: { message, type, param, code } }
}

/** A whole error answer. */
export function errorScript(error: MockError, wire: Wire): Step[] {
  const id = 'req_mock_error'
  const idHeader = wire === 'anthropic' ? { 'request-id': id } : { 'x-request-id': id }
  const body = wire === 'anthropic' ? { ...errorBody(error, wire), request_id: id } : errorBody(error, wire)
  return json(error.status, body, { ...idHeader, ...error.headers })
}

/** An error as an event inside a stream. */
export function errorEvent(error: MockError, wire: Wire): Step {
  const name = wire === 'anthropic' ? 'event: error\n' : ''
  return text(`${name}data: ${JSON.stringify(errorBody(error, wire))}\n\n`)
}

/** The error that the model name selects for in-band use. */
export function inBandError(behaviour: Behaviour): MockError {
  return statusError(behaviour.error?.[0] ?? 500)
}

/** The `retry-after` headers that the model name selects. */
export function retryHeaders(behaviour: Behaviour): Readonly<Record<string, string>> {
  const seconds = behaviour.retry?.[0]
  const milliseconds = behaviour['retry-ms']?.[0]
  return {
    ...(seconds !== undefined && { 'retry-after': String(seconds) }),
    ...(milliseconds !== undefined && { 'retry-after-ms': String(milliseconds) }),
  }
}
