import { expect, test } from 'vitest'
import {
  bodies,
  chat,
  fakeUpstream,
  healthy,
  paths,
  provider,
  raw,
  send,
  startProxy,
} from '../reliability/support.ts'

async function gateway() {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  return { ...proxy, upstream }
}

const body = JSON.stringify(bodies.chat)
const head = (lines: readonly string[]) =>
  [`POST ${paths.chat} HTTP/1.1`, 'host: localhost', 'content-type: application/json', ...lines, '', ''].join(
    '\r\n',
  )

test('headers about the connection are ours upstream, whatever the client sends', async () => {
  const { url, upstream } = await gateway()
  const sent = {
    connection: 'keep-alive, x-secret, content-type',
    te: 'trailers',
    'keep-alive': 'timeout=999',
    'proxy-connection': 'keep-alive',
    'proxy-authorization': 'Basic eDp5',
    'accept-encoding': 'gzip, br',
    expect: '100-continue',
    host: 'evil.example:99',
    'x-secret': 'of the client',
    via: '1.1 x',
    range: 'bytes=0-1',
    'if-none-match': '*',
    upgrade: 'h2c',
  }
  const { upgrade: _, host: __, ...plain } = sent
  expect((await send(url, paths.chat, { body, headers: plain })).status).toBe(200)
  const [request] = upstream.requests
  expect(Object.keys(request?.headers ?? {}).toSorted()).toEqual([
    'accept',
    'accept-encoding',
    'authorization',
    'connection',
    'content-length',
    'content-type',
    'host',
    'user-agent',
  ])
  expect(request?.headers).toMatchObject({
    host: new URL(upstream.url).host,
    connection: 'keep-alive',
    'accept-encoding': 'identity',
    'content-length': String(body.length),
  })
})

test('a chunked body with trailers goes on with its length, and the trailers stay behind', async () => {
  const { url, upstream } = await gateway()
  const chunks = `${body.length.toString(16)};ext=1\r\n${body}\r\n0\r\nx-secret: of the client\r\n\r\n`
  const answer = await raw(
    url,
    head(['transfer-encoding: chunked', 'trailer: x-secret', 'connection: close']) + chunks,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  const [request] = upstream.requests
  expect(request?.headers['transfer-encoding']).toBeUndefined()
  expect(request?.headers['content-length']).toBe(String(body.length))
  expect(JSON.stringify(request?.rawHeaders)).not.toContain('x-secret')
})

const smuggled = `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`

test.each<[string, readonly string[], string]>([
  [
    'a length and chunks',
    [`content-length: ${body.length}`, 'transfer-encoding: chunked'],
    `0\r\n\r\n${smuggled}`,
  ],
  ['two lengths', [`content-length: ${body.length}`, 'content-length: 5'], body],
  ['two lengths in one', [`content-length: ${body.length}, 5`], body],
  ['a signed length', [`content-length: +${body.length}`], body],
  ['a negative length', ['content-length: -1'], body],
  ['a hexadecimal length', ['content-length: 0x10'], body],
  ['an unknown transfer coding', ['transfer-encoding: xchunked'], `0\r\n\r\n${smuggled}`],
  ['a coding behind chunked', ['transfer-encoding: chunked, identity'], `0\r\n\r\n${smuggled}`],
  ['a space before the colon', [`content-length : ${body.length}`], body],
  ['a folded header', ['x-a: 1', ' transfer-encoding: chunked', `content-length: ${body.length}`], body],
  ['a NUL in a header', ['x-a: a\u0000b', `content-length: ${body.length}`], body],
  ['a bare line feed', [`x-a: 1\ntransfer-encoding: chunked`, `content-length: ${body.length}`], body],
  ['a chunk size with a sign', ['transfer-encoding: chunked'], `+5\r\nhello\r\n0\r\n\r\n`],
  ['a chunk size beyond numbers', ['transfer-encoding: chunked'], `fffffffffffffffff\r\nx`],
])('%s: at most what is one request to us is one request upstream', async (_, lines, rest) => {
  const { url, upstream } = await gateway()
  const answer = await raw(url, head(lines) + rest)
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
  expect(answer).toContain('"invalid_request_error"')
  expect(upstream.requests).toHaveLength(0)
})

test('pipelined requests are answered in order, each on its own', async () => {
  const { url, upstream } = await gateway()
  const last = smuggled.replace('host: localhost', 'host: localhost\r\nconnection: close')
  const answer = await raw(url, smuggled + smuggled + last, 5000)
  expect(answer.match(/HTTP\/1\.1 \d+/g)?.[0]).toBe('HTTP/1.1 200')
  expect(upstream.requests.length).toBeLessThanOrEqual(3)
})

test('a request that wants to become something else is answered as what it is', async () => {
  const { url } = await gateway()
  for (const protocol of ['websocket', 'h2c']) {
    const answer = await raw(
      url,
      `GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\n\r\n`,
    )
    expect(answer).not.toMatch(/^HTTP\/1\.1 101/)
  }
  const tunnel = await raw(url, 'CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: 127.0.0.1:22\r\n\r\n', 300).catch(
    () => '',
  )
  expect(tunnel).not.toMatch(/^HTTP\/1\.1 200/)
  expect((await chat(url)).status).toBe(200)
})
