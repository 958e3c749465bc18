import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'

const accepted = /^[A-Za-z0-9._-]{1,128}$/

/** The client's own id when it cannot do harm in headers and logs, else a new one. */
export function requestId(
  request: Pick<IncomingMessage, 'headers'>,
  newId: () => string = defaultId,
): string {
  const sent = request.headers['x-request-id']
  return typeof sent === 'string' && accepted.test(sent) ? sent : newId()
}

/** Answers the request's id in `x-request-id`, on every answer, and notes when the request arrived. */
export function answerRequestId(app: FastifyInstance, now: () => number): void {
  app.decorateRequest('startedAt', 0)
  app.addHook('onRequest', (request, reply, done) => {
    request.startedAt = now()
    reply.header('x-request-id', request.id)
    done()
  })
}

function defaultId(): string {
  return `req_${randomUUID()}`
}
