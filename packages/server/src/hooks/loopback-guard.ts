import { GatewayError } from '@llmproxy/core'
import type { FastifyInstance } from 'fastify'
import type { LiveSettings } from '../live-settings.ts'
import { hostName, isLoopback, originHost } from '../loopback.ts'
import { originList } from '../origin-list.ts'

/**
 * Without client keys anything on this machine may call, but not a web page that a browser on this machine shows: a request
 * with a foreign `Origin` (a page driving a local port) or a foreign `Host` (DNS rebinding) is refused. Origins that are listed
 * by name in `cors_origins` are trusted; `*` is not trust.
 */
export function guardLoopback(app: FastifyInstance, live: LiveSettings): void {
  let guarded = true
  let listed: ReadonlySet<string> = new Set()
  live.follow(({ api_keys, cors_origins }) => {
    guarded = api_keys.length === 0
    listed = originList(cors_origins)
  })
  app.addHook('onRequest', (request, _reply, done) => {
    if (!guarded) return done()
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
