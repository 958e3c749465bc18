import { Collector, GatewayError, invalidRequest } from '@llmproxy/core'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { HeldBodies } from './held-bodies.ts'
import type { Unanswered } from './unanswered.ts'

export interface BodyParts {
  /** Bytes of one body, now. */
  readonly limitNow: () => number
  readonly held: Pick<HeldBodies, 'hold'>
  readonly unanswered: Pick<Unanswered, 'last'>
}

type Done = (error: Error | null, body?: Buffer) => void

/**
 * Bodies stay bytes: same-format upstreams get them as they came, and `parseBody()` reads them once. Fastify's own reading
 * (`parseAs`) keeps every piece as it came: a body in chunks of one byte would take four hundred times its size.
 */
export function keepBodyBytes(app: FastifyInstance, { limitNow, held, unanswered }: BodyParts): void {
  app.removeAllContentTypeParsers()
  for (const type of ['application/json', /^application\/[\w.-]+\+json(?:\s*;|$)/]) {
    app.addContentTypeParser(type, (request, payload, done: Done) => {
      const limit = limitNow()
      const refused = unreadable(request) ?? announcedTooLarge(request, limit)
      if (refused) done(refused)
      else {
        const answer = unanswered.last(payload.socket)
        // Only now, so that a client who is refused has not sent megabytes for nothing.
        if (request.headers.expect !== undefined) answer?.writeContinue()
        readBody(payload, { limit, held, answer }, done)
      }
    })
  }
}

/** Chunks of a body. Each costs a microsecond, whatever its size, and the client chooses the size. */
const mostPieces = 250_000

interface Reading {
  readonly limit: number
  readonly held: Pick<HeldBodies, 'hold'>
  /** Absent: the request has come on no connection of the server. */
  readonly answer: ServerResponse | undefined
}

function readBody(payload: IncomingMessage, { limit, held, answer }: Reading, done: Done): void {
  const collector = new Collector(limit)
  let pieces = 0
  let bytes = 0
  const finish = (error: Error | null, body?: Buffer) => {
    payload.off('data', take).off('end', end).off('error', fail)
    done(error, body)
  }
  const take = (piece: Buffer) => {
    if (!collector.add(piece)) finish(tooLarge(undefined, limit))
    else if (++pieces > mostPieces) finish(tooManyPieces)
    else if (answer && !held.hold(answer, (bytes += piece.length))) finish(noRoom)
  }
  const end = () => finish(null, collector.bytes())
  const fail = () => finish(invalidRequest('The connection ended before the body was complete.'))
  payload.on('data', take).on('end', end).on('error', fail)
}

const tooManyPieces = new GatewayError(
  400,
  'invalid_request_error',
  `The body comes in more than ${mostPieces} chunks: send larger ones, or the body with a content-length.`,
  { code: 'too_many_chunks' },
)

const noRoom = new GatewayError(
  503,
  'service_unavailable_error',
  'The server holds as many large requests as its memory allows: send this one again in a moment.',
  { code: 'too_many_large_requests', headers: { 'retry-after': '1' } },
)

function announcedTooLarge({ headers }: FastifyRequest, limit: number): GatewayError | undefined {
  const announced = headers['content-length']
  return Number(announced) > limit ? tooLarge(announced, limit) : undefined
}

function tooLarge(announced: string | undefined, limit: number): GatewayError {
  const found = announced === undefined ? '' : ` of ${announced} bytes`
  return new GatewayError(
    413,
    'invalid_request_error',
    `The request body${found} is larger than the limit of ${limit} bytes (body_limit).`,
    { code: 'request_too_large' },
  )
}

function unreadable({ headers }: FastifyRequest): GatewayError | undefined {
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return unsupported(
      `content-encoding ${JSON.stringify(encoding.slice(0, 100))} is not read: send the body uncompressed`,
    )
  }
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    return unsupported(
      `transfer-encoding ${JSON.stringify(coding.slice(0, 100))} is not read: send "chunked" or a content-length`,
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
