import type { ServerResponse } from 'node:http'
import { beginning, errorBody, openStream, sendJson } from './answers.ts'
import type { SeenRequest } from './fake-upstream.ts'
import type { OpenaiOperation } from './client.ts'

/** What an upstream was asked for, as far as its answer differs by it. */
export interface AskedFor {
  readonly operation: OpenaiOperation
  readonly streamed: boolean
}

/** How a request ends when one provider, and no other, was asked for it. */
export interface Ended {
  readonly status: number
  readonly code: string
  readonly ending: 'upstream_error' | 'upstream_cut' | 'proxy_timeout'
  /** Whole seconds, when the client is told to wait. */
  readonly retryAfter?: string
  /** The client's own library may come back: the gateway has not repeated it. */
  readonly leftToClient?: true
}

/** One way in which an upstream fails: what it does, what that gives, and how often it is asked. */
export interface UpstreamFault {
  readonly name: string
  /** Where the provider's address leads. Absent: to the scripted upstream. */
  readonly place?: 'nobody listens' | 'no handshake' | 'unknown authority' | 'no TLS' | 'no such name'
  readonly play?: (response: ServerResponse, asked: AskedFor, request: SeenRequest) => void
  /** Of the provider. */
  readonly limits?: Readonly<Partial<Record<'connect_timeout' | 'timeout' | 'idle_timeout', number>>>
  /** Requests with `max_retries: 1`: when the provider is the last of the route, and when another one follows. */
  readonly calls: readonly [last: number, followed: number]
  readonly alone: Ended
  /** When two providers fail like this. Default: 503 `providers_unavailable`. */
  readonly both?: Partial<Ended>
  /** It is the client's own mistake: every provider would say the same. */
  readonly mistake?: true
  /** The client has the beginning of the answer when it fails. Only streams can. */
  readonly committed?: true
}

/** Once, whoever follows: the upstream may have worked for it, or asking again cannot help. */
const once = [1, 1] as const
/** Refused or broken by the upstream itself: again after a backoff, then the next. */
const twice = [2, 2] as const
/** Nothing was sent, or the upstream named a short wait: the next at once, and again only where there is none. */
const twiceWhenLast = [2, 1] as const

const errorEnding = (status: number, code: string, more: Partial<Ended> = {}): Ended => ({
  status,
  code,
  ending: 'upstream_error',
  ...more,
})
const unreachable = errorEnding(502, 'upstream_unreachable')
const failed = errorEnding(502, 'upstream_error')
const unreadable = errorEnding(502, 'upstream_bad_response')
const overloaded = errorEnding(503, 'upstream_overloaded')
const limited = errorEnding(429, 'rate_limit_exceeded')

const status =
  (code: number, headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    sendJson(response, code, errorBody(`provider gone: ${code}`), headers)

/** The same failure inside a 200: as the first event of a stream, or as the whole body. */
const inside =
  (error: unknown) =>
  (response: ServerResponse, { streamed }: AskedFor) => {
    if (streamed) openStream(response).end(`data: ${JSON.stringify({ choices: [], error })}\n\n`)
    else sendJson(response, 200, { error })
  }

/** A 200 with these bytes, which the upstream ends, leaves open, or breaks off. */
const bytes =
  (whole: string, frames: string, then: 'end' | 'hang' | 'cut') =>
  (response: ServerResponse, { streamed }: AskedFor) => {
    if (streamed) openStream(response)
    else response.writeHead(200, { 'content-type': 'application/json' })
    response.write(streamed ? frames : whole)
    if (then === 'end') response.end()
    if (then === 'cut') setImmediate(() => response.destroy())
  }

/** The beginning of a sound stream, and what follows it. */
const begun =
  (rest: string, then: 'end' | 'hang' | 'cut') =>
  (response: ServerResponse, { operation }: AskedFor) => {
    openStream(response).write(beginning(operation) + rest)
    if (then === 'end') response.end()
    if (then === 'cut') setTimeout(() => response.destroy(), 10)
  }

/** `calls` and endings are those of the table of faults in the documentation, not what the code was seen to do. */
export const upstreamFaults: readonly UpstreamFault[] = [
  { name: 'connection refused', place: 'nobody listens', calls: twiceWhenLast, alone: unreachable },
  {
    name: 'no handshake',
    place: 'no handshake',
    limits: { connect_timeout: 0.06 },
    calls: twiceWhenLast,
    alone: { status: 504, code: 'upstream_connect_timeout', ending: 'proxy_timeout' },
  },
  {
    name: 'certificate of an unknown authority',
    place: 'unknown authority',
    calls: twiceWhenLast,
    alone: unreachable,
  },
  { name: 'a peer without TLS', place: 'no TLS', calls: twiceWhenLast, alone: unreachable },
  { name: 'name that does not exist', place: 'no such name', calls: twiceWhenLast, alone: unreachable },
  {
    name: 'reset without an answer',
    play: (_response, _asked, { socket }) => void socket.resetAndDestroy(),
    calls: once,
    alone: unreachable,
  },
  {
    name: 'a redirect',
    play: (response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
    calls: once,
    alone: unreadable,
  },
  {
    name: 'status 400',
    mistake: true,
    play: (response) => sendJson(response, 400, errorBody('no', 'invalid_request_error', 'bad_value')),
    calls: once,
    alone: errorEnding(400, 'bad_value'),
  },
  { name: 'status 401', play: status(401), calls: once, alone: errorEnding(502, 'upstream_authentication') },
  {
    name: 'status 404',
    play: status(404),
    calls: once,
    alone: errorEnding(404, 'model_not_found'),
    both: { status: 404, code: 'model_not_found' },
  },
  {
    name: 'status 429',
    play: status(429),
    calls: once,
    alone: { ...limited, retryAfter: '5', leftToClient: true },
    both: { ...limited, retryAfter: '5', leftToClient: true },
  },
  {
    name: 'status 429 with a short wait',
    play: status(429, { 'retry-after-ms': '15' }),
    calls: twiceWhenLast,
    alone: { ...limited, retryAfter: '1' },
    both: { ...limited, retryAfter: '1' },
  },
  {
    name: 'status 429 with a long wait',
    play: status(429, { 'retry-after': '60' }),
    calls: once,
    alone: { ...limited, retryAfter: '60', leftToClient: true },
    both: { ...limited, retryAfter: '60', leftToClient: true },
  },
  { name: 'status 504', play: status(504), calls: once, alone: errorEnding(504, 'upstream_timeout') },
  {
    name: 'status 503 that refuses to be asked again',
    play: status(503, { 'x-should-retry': 'false' }),
    calls: once,
    alone: overloaded,
  },
  {
    name: 'status 503 with a short wait',
    play: status(503, { 'retry-after-ms': '15' }),
    calls: twice,
    alone: { ...overloaded, retryAfter: '1' },
    both: { retryAfter: '1' },
  },
  {
    name: 'status 503 with a long wait',
    play: status(503, { 'retry-after': '60' }),
    calls: once,
    alone: { ...overloaded, retryAfter: '60' },
    both: { retryAfter: '60' },
  },
  { name: 'status 500', play: status(500), calls: twice, alone: failed },
  { name: 'status 529', play: status(529), calls: twice, alone: overloaded },
  {
    name: 'status 502 with HTML',
    play: (response) =>
      void response
        .writeHead(502, { 'content-type': 'text/html' })
        .end('<html><h1>502 Bad Gateway</h1></html>'),
    calls: twice,
    alone: failed,
  },
  {
    name: 'an error inside a 200',
    play: inside({ code: 502, message: 'provider gone' }),
    calls: twice,
    alone: failed,
  },
  { name: 'an error inside a 200, as text', play: inside('provider gone'), calls: twice, alone: failed },
  {
    name: 'an error inside a 200, without a code',
    play: inside({ message: 'provider gone', code: null }),
    calls: twice,
    alone: failed,
  },
  {
    name: 'an error as JSON inside a 200, whatever was asked for',
    play: (response) => sendJson(response, 200, errorBody('provider gone')),
    calls: twice,
    alone: failed,
  },
  {
    name: 'a rate limit inside a 200',
    play: inside({ message: 'provider gone', type: 'rate_limit_error', code: 'rate_limit_exceeded' }),
    calls: once,
    alone: { ...limited, retryAfter: '5', leftToClient: true },
    both: { ...limited, retryAfter: '5', leftToClient: true },
  },
  {
    name: 'a page with status 200',
    play: (response) =>
      void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
    calls: once,
    alone: unreadable,
  },
  { name: 'a 200 and the end', play: bytes('', '', 'end'), calls: once, alone: unreadable },
  {
    name: 'a 200 without an answer',
    play: bytes('{}', 'data: [DONE]\n\n', 'end'),
    calls: once,
    alone: unreadable,
  },
  {
    name: 'no head',
    play: () => undefined,
    limits: { timeout: 0.15 },
    calls: once,
    alone: { status: 504, code: 'upstream_first_byte_timeout', ending: 'proxy_timeout' },
  },
  {
    name: 'silence after the head',
    play: bytes('{"id"', ': wait\n\n', 'hang'),
    limits: { idle_timeout: 0.06 },
    calls: once,
    alone: { status: 504, code: 'upstream_idle_timeout', ending: 'proxy_timeout' },
  },
  {
    name: 'cut before the first event',
    play: bytes('{"id": "x", "choi', 'data: {"id', 'cut'),
    calls: once,
    alone: unreadable,
  },
  {
    name: 'malformed JSON',
    play: bytes('{"id": x}', 'data: {"id": x}\n\n', 'end'),
    calls: once,
    alone: unreadable,
  },
  {
    name: 'cut after the first event',
    committed: true,
    play: begun('', 'cut'),
    calls: once,
    alone: { ...unreadable, ending: 'upstream_cut' },
  },
  {
    name: 'closed after the first event',
    committed: true,
    play: begun('', 'end'),
    calls: once,
    alone: { ...unreadable, ending: 'upstream_cut' },
  },
  {
    name: 'malformed JSON after the first event',
    committed: true,
    play: begun('data: {"id": x}\n\n', 'end'),
    calls: once,
    alone: { ...unreadable, ending: 'upstream_cut' },
  },
  {
    name: 'an error after the first event',
    committed: true,
    play: begun('data: {"error":{"message":"provider gone","code":502}}\n\n', 'end'),
    calls: once,
    alone: failed,
  },
  {
    name: 'silence after the first event',
    committed: true,
    play: begun('', 'hang'),
    limits: { idle_timeout: 0.06 },
    calls: once,
    alone: { status: 504, code: 'upstream_idle_timeout', ending: 'proxy_timeout' },
  },
]
