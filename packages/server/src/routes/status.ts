import type { FastifyInstance } from 'fastify'
import type { StatusGateway } from '../served-gateway.ts'

/** `GET /providers`, `/metrics` and `/health`: for people and monitoring, so they ask for a key. */
export function serveStatus(app: FastifyInstance, gateway: StatusGateway): void {
  app.get('/providers', { config: { access: 'key' } }, () => gateway.providers())
  app.get('/metrics', { config: { access: 'key' } }, async (request, reply) => {
    const format = textFormat(request.headers.accept ?? '')
    if (format === undefined) return gateway.metrics()
    return reply.type(textTypes[format]).send(await gateway.prometheus(format))
  })
  app.get('/health', { config: { access: 'key' } }, async (_request, reply) => {
    const health = await gateway.health()
    return reply.code(health.status === 'unhealthy' ? 503 : 200).send(health)
  })
}

const textTypes = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const

function textFormat(accept: string): keyof typeof textTypes | undefined {
  if (/\bapplication\/openmetrics-text\b/i.test(accept)) return 'openmetrics'
  return /\btext\/plain\b/i.test(accept) ? 'text' : undefined
}
