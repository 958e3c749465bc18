import { expect, test } from 'vitest'
import {
  bodies,
  chat,
  fakeUpstream,
  healthy,
  paths,
  provider,
  raw,
  startProxy,
} from '../reliability/support.ts'

async function gateway() {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({ providers: [provider('a', upstream.url)] })
  return { url, upstream }
}

const body = JSON.stringify(bodies.chat)
const length = `content-length: ${body.length}`
const chunked = 'transfer-encoding: chunked'
const inChunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

const post = (lines: readonly string[], rest = body, version = '1.1', target: string = paths.chat) =>
  [
    `POST ${target} HTTP/${version}`,
    'host: localhost',
    'content-type: application/json',
    ...lines,
    '',
    rest,
  ].join('\r\n')

/** What a server in front might read in another way than we do. */
const odd: readonly (readonly [name: string, bytes: string | Buffer, statuses: readonly number[]])[] = [
  ['64 KiB of headers', post([`x: ${'y'.repeat(65_536)}`, length]), [431]],
  ['a thousand headers of a few bytes', post([...Array.from({ length: 1000 }, () => 'a:'), length]), [431]],
  ['three thousand headers', post([...Array.from({ length: 3000 }, () => 'a:'), length]), [431]],
  ['a path of 64 KiB', post([length], body, '1.1', `/${'x'.repeat(65_536)}`), [414, 431]],
  ['trailers without end', post([chunked], inChunks.slice(0, -2) + 'x: y\r\n'.repeat(10_000)), [431]],
  ['a chunk with an extension of 40 KB', post([chunked], `1;${'x'.repeat(40_000)}\r\n`), [413]],
  ['HTTP/0.9', `GET ${paths.chat}\r\n\r\n`, [400]],
  ['HTTP/0.9 with headers and a body', post([length], body, '0.9'), [400]],
  ['HTTP/1.2', post([length], body, '1.2'), [400]],
  ['HTTP/2 as text', post([length], body, '2.0'), [400]],
  ['HTTP/3 as text', post([length], body, '3.0'), [400]],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400]],
  ['a TLS hello', Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3, 13, 10, 13, 10]), [400]],
  ['a URL as the target', post([length], body, '1.1', `http://localhost${paths.chat}`), [400]],
  ['a URL of another server', post([length], body, '1.1', `https://vendor.example${paths.chat}`), [400]],
  ['a host as the target', post([length], body, '1.1', 'vendor.example:443'), [400]],
  ['no Host', `GET /v1/models HTTP/1.1\r\n\r\n`, [400]],
  ['two Hosts', post(['host: evil.example', length]), [400]],
  ['TRACE', `TRACE ${paths.chat} HTTP/1.1\r\nhost: localhost\r\n\r\n`, [405]],
  ['a method that does not exist', `BREW ${paths.chat} HTTP/1.1\r\nhost: localhost\r\n\r\n`, [400]],
  ['an unknown expectation', post([length, 'expect: 200-ok', 'connection: close']), [417]],
  ['a length and chunks', post([length, chunked], inChunks), [400]],
  ['the same length twice', post([length, length]), [400]],
  ['the same length twice in one header', post([`${length}, ${body.length}`]), [400]],
  ['two lengths', post([length, 'content-length: 1']), [400]],
  ['a length with an underscore', post(['content-length: 1_0']), [400]],
  ['a length beyond numbers', post(['content-length: 99999999999999999999']), [400]],
  ['a coding before chunked', post(['transfer-encoding: gzip, chunked'], inChunks), [415]],
  ['chunked twice', post(['transfer-encoding: chunked, chunked'], inChunks), [400, 415]],
  ['two transfer codings in two headers', post([chunked, 'transfer-encoding: identity'], inChunks), [400]],
  ['a vertical tab before chunked', post(['transfer-encoding:\u000bchunked'], inChunks), [400]],
  ['chunks that end in line feeds', post([chunked], inChunks.replaceAll('\r\n', '\n')), [400]],
  ['a chunk that is longer than its size', post([chunked], '5\r\nhello!\r\n0\r\n\r\n'), [400]],
  ['a folded header', post(['x: 1', ' y: 2', length]), [400]],
  ['a header without a name', post([': x', length]), [400]],
  ['a bare carriage return', post(['x: a\rb', length]), [400]],
  ['line feeds alone', `POST ${paths.chat} HTTP/1.1\nhost: localhost\n${length}\n\n${body}`, [400]],
  ['a NUL in the path', post([length], body, '1.1', '/v1/chat\u0000/completions'), [400]],
  ['a tab between method and path', post([length]).replace('POST ', 'POST\t'), [400]],
]

test.each(odd)('%s is one clean refusal, and reaches no upstream', async (_, bytes, statuses) => {
  const { url, upstream } = await gateway()
  const answer = await raw(url, bytes)
  const found = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
  expect(found).toHaveLength(1)
  expect(statuses).toContain(found[0])
  expect(upstream.requests).toHaveLength(0)
  expect((await chat(url)).status).toBe(200)
})

test('CONNECT opens no tunnel', async () => {
  const { url } = await gateway()
  const answer = await raw(url, 'CONNECT vendor.example:443 HTTP/1.1\r\nhost: vendor.example:443\r\n\r\n')
  expect(answer).toBe('')
})

test.each([
  ['an upgrade to a WebSocket', ['connection: upgrade', 'upgrade: websocket', length]],
  [
    'an upgrade to HTTP/2',
    ['connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMA', length],
  ],
])('%s is not taken: the request is answered as what it is', async (_, lines) => {
  const { url, upstream } = await gateway()
  expect(await raw(url, post(lines))).toMatch(/^HTTP\/1\.1 200 /)
  const [request] = upstream.requests
  expect(request?.headers).not.toHaveProperty('upgrade')
  expect(request?.headers['connection']).toBe('keep-alive')
})
