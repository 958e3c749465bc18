import { GatewayError } from '@llmproxy/core'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

const slash = 0x2f

/** Node 22 and 24 drop those behind the 2,000th without a word, the key or the length of the body maybe. */
const mostHeaders = 1000

/**
 * Refuses what is a request to the parser and means another thing to others on the way: a version of HTTP that is not spoken here, a
 * whole URL as the target, which asks a forward proxy to go there, more than one `Host`, and more headers than are read.
 */
export function refuseOddForms(app: FastifyInstance): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { raw } = request
    done(oddVersion(raw) ?? oddTarget(request) ?? oddHeaders(raw.rawHeaders))
  })
}

function oddVersion({ httpVersionMajor, httpVersion }: IncomingMessage): GatewayError | undefined {
  if (httpVersionMajor === 1) return undefined
  return refused(400, 'http_version', `HTTP/${httpVersion} is not spoken here: send HTTP/1.1.`)
}

function oddTarget({ method, url }: FastifyRequest): GatewayError | undefined {
  if (url.charCodeAt(0) === slash || (url === '*' && method === 'OPTIONS')) return undefined
  const message =
    'The target of the request must be a path: this server answers itself and is no forward proxy.'
  return refused(400, 'invalid_target', message)
}

/** Of two hosts Node takes the first, others the last. */
function oddHeaders(namesAndValues: readonly string[]): GatewayError | undefined {
  if (namesAndValues.length > mostHeaders * 2)
    return refused(431, 'too_many_headers', `The request has more than ${mostHeaders} headers: send fewer.`)
  let hosts = 0
  for (let index = 0; index < namesAndValues.length; index += 2) {
    const name = namesAndValues[index]!
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++
  }
  return hosts > 1
    ? refused(400, 'invalid_host', 'The request has more than one Host header: send one.')
    : undefined
}

/** Whatever follows on such a connection is not to be read either. */
function refused(status: number, code: string, message: string): GatewayError {
  return new GatewayError(status, 'invalid_request_error', message, {
    code,
    headers: { connection: 'close' },
  })
}
