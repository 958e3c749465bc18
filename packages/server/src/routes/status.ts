import type { FastifyInstance } from 'fastify'
import type { ServedGateway } from '../served-gateway.ts'

/** `GET /providers`, `/metrics` and `/health`: for people and monitoring, so they ask for a key. */
export function serveStatus(
  app: FastifyInstance,
  gateway: Pick<ServedGateway, 'providers' | 'metrics' | 'prometheus' | 'health'>,
): void {
  app.get('/providers', { config: { access: 'key' } }, () => gateway.providers())
  app.get('/metrics', { config: { access: 'key' } }, (request, reply) => {
    if (!wantsPrometheus(request.headers.accept)) return gateway.metrics()
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(gateway.prometheus())
  })
  app.get('/health', { config: { access: 'key' } }, (_request, reply) => {
    const health = gateway.health()
    return reply.code(health.status === 'unhealthy' ? 503 : 200).send(health)
  })
}

function wantsPrometheus(accept: string | undefined): boolean {
  return accept !== undefined && /\btext\/plain\b|\bopenmetrics-text\b/i.test(accept)
}
