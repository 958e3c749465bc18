import type { FastifyInstance } from 'fastify'

/** `GET /livez` and `/readyz`, for orchestrators: without a key, and telling nothing but yes or no. */
export function serveProbes(app: FastifyInstance, ready: () => boolean): void {
  app.get('/livez', { config: { access: 'open' } }, () => ({ status: 'ok' }))
  app.get('/readyz', { config: { access: 'open' } }, (_request, reply) =>
    ready() ? { status: 'ok' } : reply.code(503).send({ status: 'unavailable' }),
  )
}
