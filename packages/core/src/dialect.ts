import type { OperationName } from '@llmproxy/provider-kit'
import type { GatewayError } from './errors.ts'
import { errorFrame, keepaliveComment } from './exchange/event-format.ts'

/** How one family of clients wants to be told what is not an answer. */
export interface Dialect {
  /** The JSON body of an error answer. */
  errorBody(error: GatewayError, requestId: string): string
  /** The event that ends a stream which failed. */
  errorEvent(error: GatewayError, requestId: string): string
  /** Sent on silence inside a stream. */
  readonly keepalive: Buffer | string
}

const openai: Dialect = {
  errorBody: (error) => JSON.stringify(error.envelope()),
  errorEvent: (error) => errorFrame(error.envelope()),
  keepalive: keepaliveComment,
}

/** The error types of the Messages dialect, by status. */
const messagesTypes: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

function messagesError(error: GatewayError, requestId: string): string {
  const fallback = error.status < 500 ? 'invalid_request_error' : 'api_error'
  const type = messagesTypes[error.status] ?? fallback
  return JSON.stringify({ type: 'error', error: { type, message: error.message }, request_id: requestId })
}

const messages: Dialect = {
  errorBody: messagesError,
  errorEvent: (error, requestId) => `event: error\ndata: ${messagesError(error, requestId)}\n\n`,
  // A comment would do for the connection, but these clients watch for the event.
  keepalive: 'event: ping\ndata: {"type": "ping"}\n\n',
}

/** The dialect of an operation's clients; of requests that have none, OpenAI's. */
export function dialectOf(operation: OperationName | undefined): Dialect {
  return operation === 'messages' ? messages : openai
}
