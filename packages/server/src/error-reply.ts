import { dialectOf, GatewayError } from '@llmproxy/core'
import type { OperationName } from '@llmproxy/provider-kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { unsupported } from './body.ts'
import type { ServerLog } from './log/logger.ts'

/** Answers every error that is raised before a request reaches the gateway in the dialect of its route. */
export function answerErrors(app: FastifyInstance, log: ServerLog): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = clientError(thrown, request)
    if (error.status >= 500 && error !== thrown)
      log.error({ request_id: request.id, error: thrown }, 'request failed')
    if (error.status === 413 || error.status === 415 || error.status === 503) keepConnection(reply)
    return answerError(reply, error, log)
  })
}

/** Writes one error; the headers set so far (request id, CORS, rate limits) go with it. */
export function answerError(reply: FastifyReply, error: GatewayError, log: ServerLog): FastifyReply {
  const { request } = reply
  log.info(
    {
      request_id: request.id,
      method: request.method,
      path: request.url.split('?', 1)[0]?.slice(0, 200),
      status: error.status,
      error_code: error.code,
      ...(request.caller ? { caller: request.caller } : {}),
    },
    'refused',
  )
  return reply
    .code(error.status)
    .headers(error.headers)
    .header('content-type', 'application/json; charset=utf-8')
    .header('cache-control', 'private, no-store')
    .send(dialectOf(operationOf(request)).errorBody(error, request.id))
}

/**
 * Many clients send the whole body before they read: one whose connection is closed meanwhile sees a broken pipe, not the error. When
 * the length is announced, the rest is read and dropped instead, for as long as `requestTimeout` allows.
 */
function keepConnection(reply: FastifyReply): void {
  const { headers } = reply.request
  // One that asks before it sends may not send at all: what comes next could be another request.
  if (headers['content-length'] !== undefined && headers.expect === undefined)
    reply.removeHeader('connection')
}

/** Paths below an operation's have no route of their own, but the same clients ask for them. */
function operationOf({ routeOptions, url }: FastifyRequest): OperationName | undefined {
  return (
    routeOptions.config.operation ?? (/^(?:\/v1)?\/messages(?:[/?]|$)/.test(url) ? 'messages' : undefined)
  )
}

/** What the client may know of an error: its own mistakes in full, nothing of ours. */
function clientError(thrown: unknown, request: FastifyRequest): GatewayError {
  if (GatewayError.is(thrown)) return thrown
  const { code, statusCode } = thrown as { code?: unknown; statusCode?: unknown }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return unsupported(
      `content-type ${JSON.stringify((request.headers['content-type'] ?? '').slice(0, 100))} is not read: ` +
        'send JSON with "content-type: application/json"',
    )
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new GatewayError(statusCode, 'invalid_request_error', 'The request could not be read.')
  }
  return new GatewayError(
    500,
    'server_error',
    'The gateway failed to answer this request; its log says why.',
    {
      code: 'internal_error',
    },
  )
}
