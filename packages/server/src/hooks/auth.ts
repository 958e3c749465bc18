import { GatewayError } from '@llmproxy/core'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { callerOf, clientKeys } from '../client-keys.ts'
import type { LiveSettings } from '../live-settings.ts'

/** The caller of every request when no keys are configured. */
export const anonymous = 'anonymous'

/**
 * Asks every route for a client key, before the body is read, except those with `access: 'open'`. The decision belongs to
 * the matched route, never to the path's text, so no way of writing a path gets around it; unknown paths ask too.
 */
export function askForKey(app: FastifyInstance, live: LiveSettings): void {
  app.decorateRequest('caller', '')
  let keys = clientKeys([])
  let names: ReadonlySet<string> = new Set()
  live.follow(({ api_keys, api_key_header }) => {
    keys = clientKeys(api_keys)
    names = new Set([api_key_header.toLowerCase(), 'x-api-key', 'api-key'])
  })
  app.addHook('onRequest', (request, reply, done) => {
    if (keys.length === 0) {
      request.caller = anonymous
      return done()
    }
    if (request.routeOptions.config.access === 'open') return done()
    const caller = callerOf(keys, sentKeys(request.headers, names))
    if (caller === undefined) {
      reply.header('www-authenticate', 'Bearer')
      return done(keyRefused(live.now.api_key_header))
    }
    request.caller = caller
    done()
  })
}

/** Every key that a request carries. Clients send one key in several headers, or a placeholder beside the real one. */
export function sentKeys(headers: IncomingHttpHeaders, names: ReadonlySet<string>): readonly string[] {
  const found = new Set<string>()
  const bearer = /^\s*bearer\s+(.+)$/i.exec(headers.authorization ?? '')?.[1]?.trim()
  if (bearer) found.add(bearer)
  for (const name of names) {
    const value = name === 'authorization' ? headers.authorization : headers[name]
    if (typeof value === 'string' && value.trim() !== '') found.add(value.trim())
  }
  return [...found]
}

// One text for a missing, a wrong and a revoked key: the answer tells nothing about which keys exist.
function keyRefused(header: string): GatewayError {
  return new GatewayError(
    401,
    'authentication_error',
    `A valid API key is required: send it as "Authorization: Bearer <key>" or "${header}: <key>".`,
    { code: 'invalid_api_key' },
  )
}
