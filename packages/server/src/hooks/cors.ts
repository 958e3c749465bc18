import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { LiveSettings } from '../live-settings.ts'
import { originList } from '../origin-list.ts'

/** Answer headers that browser code may read. */
export const exposedHeaders = [
  'retry-after',
  'x-request-id',
  'x-llmproxy-provider',
  'x-llmproxy-model',
  'x-llmproxy-attempts',
  'x-llmproxy-overhead-ms',
  'x-llmproxy-dropped',
  'x-llmproxy-condensed',
  'x-llmproxy-cache',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-should-retry',
].join(', ')

const methods = 'GET, HEAD, POST, OPTIONS'
const dayInSeconds = '86400'

/**
 * CORS for the configured origins, before authentication: a preflight carries no key, and a 401 must be readable too.
 * Credentials are never allowed (keys travel in headers), so `*` is safe to answer.
 */
export function allowOrigins(app: FastifyInstance, live: LiveSettings): void {
  let any = false
  let listed: ReadonlySet<string> = new Set()
  live.follow(({ cors_origins }) => {
    any = cors_origins.includes('*')
    listed = originList(cors_origins)
  })
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    const allowed = origin !== undefined && (any || listed.has(origin.toLowerCase()))
    if (!any && listed.size > 0) reply.header('vary', 'origin')
    if (allowed) {
      reply.header('access-control-allow-origin', any ? '*' : origin)
      reply.header('access-control-expose-headers', exposedHeaders)
    }
    if (request.method !== 'OPTIONS') return done()
    answerPreflight(request, reply, allowed)
  })
}

function answerPreflight(request: FastifyRequest, reply: FastifyReply, allowed: boolean): void {
  if (allowed) {
    reply.header('access-control-allow-methods', methods)
    reply.header('access-control-max-age', dayInSeconds)
    // SDKs add headers of their own with every release: what is asked for is allowed.
    const asked = request.headers['access-control-request-headers']
    if (asked !== undefined) reply.header('access-control-allow-headers', asked)
  }
  reply.code(204).header('allow', methods).send()
}
