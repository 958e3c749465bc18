import { createServer, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  chat,
  chunk,
  completion,
  fakeUpstream,
  healthy,
  listening,
  openStream,
  provider,
  sendJson,
  startProxy,
  streamEnd,
} from '../reliability/support.ts'

const body = JSON.stringify(completion())
const patient = { max_retries: 0, circuit_breaker_threshold: 1000, timeout: 2 }

/** An upstream that writes these bytes and closes. */
async function speaking(bytes: string | Buffer, end = true) {
  const server = createServer((socket: Socket) => {
    socket.once('data', () => {
      socket.write(bytes)
      if (end) socket.end()
    })
  })
  const { url } = await listening(server)
  return startProxy({ providers: [provider('a', url, patient)] })
}

const head = (...lines: string[]) =>
  ['HTTP/1.1 200 OK', 'content-type: application/json', ...lines, '', ''].join('\r\n')

test.each<[string, string]>([
  ['no HTTP at all', 'hello\r\n\r\n'],
  ['another protocol', 'SSH-2.0-OpenSSH_9.9\r\n'],
  ['a head without end', head(`x: ${'y'.repeat(200_000)}`)],
  [
    'a thousand headers of a kilobyte',
    head(...Array.from({ length: 1000 }, (_, n) => `x-${n}: ${'y'.repeat(1000)}`)),
  ],
  ['two lengths', head(`content-length: ${body.length}`, 'content-length: 5') + body],
  ['a length and chunks', head(`content-length: ${body.length}`, 'transfer-encoding: chunked') + body],
  ['a length that is too long', head(`content-length: ${body.length + 10}`) + body],
  ['a broken chunk', `${head('transfer-encoding: chunked')}zz\r\n${body}`],
  ['an endless chunk size', `${head('transfer-encoding: chunked')}${'f'.repeat(40)}\r\n${body}`],
  ['a control character in a header', head('x-a: a\u0000b', `content-length: ${body.length}`) + body],
  ['an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'],
  ['a status beyond numbers', 'HTTP/1.1 99999 What\r\n\r\n'],
])('%s is a bad gateway, soon, and harms nobody else', async (_, bytes) => {
  const proxy = await speaking(bytes)
  const { status, headers, text } = await chat(proxy.url)
  expect(status).toBe(502)
  expect(headers['content-type']).toMatch(/^application\/json/)
  expect(text).not.toContain('127.0.0.1')
  expect(proxy.gateway.inFlight).toBe(0)
})

test('what comes behind an answer is not the answer of the next request', async () => {
  const evil = JSON.stringify(completion('smuggled'))
  const one = (content: string) => head(`content-length: ${content.length}`) + content
  const proxy = await speaking(one(body) + one(evil), false)
  expect((await chat(proxy.url)).text).toContain('Hello')
  const { text } = await chat(proxy.url)
  expect(text).not.toContain('smuggled')
})

test('interim answers are skipped', async () => {
  const interim = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'
  const proxy = await speaking(interim.repeat(3) + head(`content-length: ${body.length}`) + body)
  expect((await chat(proxy.url)).status).toBe(200)
})

test.each([
  'gzip, gzip',
  'gzip,deflate,br',
  Array.from({ length: 1000 }, () => 'gzip').join(', '),
  'zstd',
  'compress',
  'x',
])('the encoding %.40s is refused before anything is decoded', async (encoding) => {
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': encoding })
    response.end(gzipSync(gzipSync(body)))
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url, patient)] })
  const before = process.cpuUsage()
  const { status } = await chat(proxy.url)
  const { user, system } = process.cpuUsage(before)
  expect(status).toBe(502)
  expect((user + system) / 1000).toBeLessThan(500)
})

test('a bomb of compressed zeros stops at the limit of answers', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb)
  })
  const proxy = await startProxy({
    providers: [provider('a', upstream.url, patient)],
    response_limit: 1024 * 1024,
  })
  const { status, text } = await chat(proxy.url)
  expect(status).toBe(502)
  expect(text).toContain('larger than')
})

test('one event without end stops at the limit of events', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response).write(chunk('x'))
    response.write('data: ')
    const fill = () => {
      while (!response.destroyed && response.write('y'.repeat(65_536)));
    }
    response.on('drain', fill)
    fill()
  })
  const proxy = await startProxy({
    providers: [provider('a', upstream.url, patient)],
    event_limit: 1024 * 1024,
  })
  const { text } = await chat(proxy.url, { stream: true })
  expect(text.length).toBeLessThan(10_000)
  expect(text).toContain('"error"')
  expect(text).not.toContain('[DONE]')
})

test('cookies, names and addresses of a vendor stay behind', async () => {
  const revealing = {
    'set-cookie': 'session=1; HttpOnly',
    'openai-organization': 'org-internal',
    'openai-project': 'proj',
    'openai-processing-ms': '12',
    server: 'vendor/1.2',
    'x-powered-by': 'x',
    'cf-ray': '1-FRA',
    'cf-cache-status': 'HIT',
    via: '1.1 internal-proxy',
    'x-envoy-upstream': 'pod-7',
    'alt-svc': 'h3=":443"',
    'strict-transport-security': 'max-age=1',
    'access-control-allow-origin': '*',
    'access-control-allow-credentials': 'true',
    'www-authenticate': 'Basic realm="vendor"',
    location: 'https://internal',
    'x-request-id': 'req-of-the-vendor',
    'x-llmproxy-provider': 'forged',
    'cache-control': 'public, max-age=999',
    etag: '"1"',
    trailer: 'x',
    refresh: '0; url=https://evil.example',
  }
  const { 'cache-control': _, 'x-request-id': __, 'x-llmproxy-provider': ___, ...absent } = revealing
  const answers = [
    () => fakeUpstream((_request, response) => sendJson(response, 200, completion(), revealing)),
    () =>
      fakeUpstream((_request, response) => void openStream(response, revealing).end(chunk('x') + streamEnd)),
    () =>
      fakeUpstream((_request, response) => sendJson(response, 400, { error: { message: 'x' } }, revealing)),
  ]
  for (const [index, upstream] of answers.entries()) {
    const proxy = await startProxy({ providers: [provider('a', (await upstream()).url)] })
    const { headers } = await chat(proxy.url, { stream: index === 1 })
    expect(Object.keys(headers).filter((name) => name in absent)).toEqual([])
    expect(headers['x-llmproxy-provider']).toBe('a')
    expect(headers['x-request-id']).not.toBe('req-of-the-vendor')
    expect(headers['cache-control']).not.toContain('public')
  }
})

test('an upstream that fails in every way leaves the gateway serving', async () => {
  const good = await fakeUpstream(healthy())
  const { url } = await listening(createServer((socket) => void socket.end('\u0000'.repeat(1000))))
  const proxy = await startProxy({
    providers: [provider('a', url, { ...patient, priority: 1 }), provider('b', good.url, { priority: 2 })],
  })
  const replies = await Promise.all(Array.from({ length: 30 }, () => chat(proxy.url)))
  expect(replies.every(({ status }) => status === 200)).toBe(true)
})
