import { GatewayError } from '@llmproxy/core'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Bodies stay bytes: same-format upstreams get them as they came, and `parseBody()` reads them once. */
export function keepBodyBytes(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  for (const type of ['application/json', /^application\/[\w.-]+\+json(?:\s*;|$)/]) {
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
      const refused = unreadable(request)
      if (refused) done(refused)
      else done(null, body)
    })
  }
}

function unreadable({ headers }: FastifyRequest): GatewayError | undefined {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return unsupported(
      `content-encoding ${JSON.stringify(encoding.slice(0, 100))} is not read: send the body uncompressed`,
    )
  }
  const type = headers['content-type'] ?? ''
  const charset = type === 'application/json' ? undefined : /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(type)?.[1]
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    return unsupported(`charset ${JSON.stringify(charset.slice(0, 100))} is not read: send JSON in UTF-8`)
  }
  return undefined
}

/** 415: the request body is in a form that is not read. */
export function unsupported(message: string): GatewayError {
  return new GatewayError(415, 'invalid_request_error', message, { code: 'unsupported_media_type' })
}
