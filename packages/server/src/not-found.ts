import { GatewayError } from '@llmproxy/core'
import type { FastifyInstance } from 'fastify'
import { methodsOf } from './route-table.ts'

// What clients ask for most often that is not here, and what does its work.
const hints: readonly (readonly [RegExp, string])[] = [
  [/^(?:\/v1)?\/responses(?:\/|$)/, 'the Responses API is not offered; use POST /v1/chat/completions'],
  [
    /^(?:\/v1)?\/messages\/count_tokens$/,
    'counting tokens is not offered; the answer of POST /v1/messages says how many it took',
  ],
  [/^\/v1\/v1\//, 'the path has /v1 twice: leave it out of the base URL or of the path'],
  [/^(?:\/v1)?\/engines\//, 'engines are not offered; name the model in the body of POST /v1/completions'],
  [
    /^\/openai\/deployments\//,
    'deployment paths are not offered; name the model in the body of POST /v1/chat/completions',
  ],
]

/**
 * 404 for an unknown path, 405 with `allow` for a known path asked with another method. Raised before the body is read, so a
 * body in an unknown format does not hide that the path is wrong.
 */
export function refuseUnknownRoutes(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    done(request.is404 ? unknownRoute(request.method, request.url) : undefined)
  })
}

/** Exported for tests: the error for a method and URL that no route has. */
export function unknownRoute(method: string, url: string): GatewayError {
  const path = (url.split('?', 1)[0] ?? '').replace(/(?<=.)\/$/, '')
  const shown = `${method} ${path.slice(0, 200)}`
  const allowed = methodsOf(path)
  if (allowed.length > 0) {
    return new GatewayError(
      405,
      'invalid_request_error',
      `${shown} is not offered; this path takes ${allowed.join(', ')}.`,
      {
        code: 'method_not_allowed',
        headers: { allow: [...allowed, 'OPTIONS'].join(', ') },
      },
    )
  }
  const hint =
    hints.find(([pattern]) => pattern.test(path))?.[1] ??
    'GET /v1/models lists the models; the README lists the endpoints'
  return new GatewayError(404, 'invalid_request_error', `${shown} does not exist: ${hint}.`, {
    code: 'unknown_url',
  })
}
