import { GatewayError } from '@llmproxy/core'
import type { FastifyInstance } from 'fastify'
import { hostName, isLoopback, originHost } from '../loopback.ts'

/**
 * Without client keys anything on this machine may call, but not a web page that a browser on this machine shows: a request
 * with a foreign `Origin` (a page driving a local port) or a foreign `Host` (DNS rebinding) is refused. `trusted` are the
 * origins listed by name in `cors_origins`; `*` is not trust.
 */
export function guardLoopback(app: FastifyInstance, trusted: readonly string[]): void {
  const listed = new Set(trusted.map((origin) => origin.toLowerCase().replace(/\/$/, '')))
  app.addHook('onRequest', (request, _reply, done) => {
    const { host, origin } = request.headers
    if (host !== undefined && !isLoopback(hostName(host) ?? '')) return done(refused('Host', host))
    if (origin !== undefined && !listed.has(origin.toLowerCase()) && !isLoopback(originHost(origin) ?? '')) {
      return done(refused('Origin', origin))
    }
    done()
  })
}

function refused(header: 'Host' | 'Origin', found: string): GatewayError {
  const remedy = header === 'Origin' ? ', or list the origin in `cors_origins`' : ''
  return new GatewayError(
    403,
    'permission_error',
    `The ${header} header ${JSON.stringify(found.slice(0, 200))} is not of this machine. No client keys are configured, so only local ` +
      `programs may call; configure \`api_keys\`${remedy}.`,
    { code: `foreign_${header.toLowerCase()}` },
  )
}
