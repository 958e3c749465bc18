import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selfSigned } from './support/self-signed.ts'
import {
  bodies,
  chat,
  chunk,
  listening,
  paths,
  provider,
  start,
  startProxy,
  streamEnd,
  until,
} from './support.ts'

const streams = 20
const authorities = getCACertificates()
const pair = selfSigned()

beforeAll(() => setDefaultCACertificates([...authorities, pair.cert]))
afterAll(() => setDefaultCACertificates(authorities))

/** An upstream that offers HTTP/2 and HTTP/1.1 over TLS, and keeps its streams open. */
async function upstream() {
  const seen: { readonly request: Http2ServerRequest; readonly response: Http2ServerResponse }[] = []
  const server = createSecureServer({ ...pair, allowHTTP1: true }, (request, response) => {
    request.resume()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chunk('x'))
    seen.push({ request, response })
  })
  return Object.assign(await listening(server, 'https'), { seen })
}

test('every stream has an HTTP/1.1 connection of its own, and a dying one takes no other with it', async () => {
  const target = await upstream()
  const proxy = await startProxy({ providers: [provider('a', target.url)] })
  const clients = Array.from({ length: streams }, () =>
    start(proxy.url, paths.chat, { ...bodies.chat, stream: true }),
  )
  await Promise.all(clients.map((client) => client.frames(1)))
  expect(new Set(target.seen.map(({ request }) => request.httpVersion))).toEqual(new Set(['1.1']))
  expect(target.connections).toBe(streams)

  target.seen[0]?.request.socket.destroy()
  const broken = await until(() => clients.find(({ ended }) => ended))
  expect(broken.text).toContain('"error"')
  for (const { response } of target.seen.slice(1)) response.end(streamEnd)
  await until(() => clients.every(({ ended }) => ended))
  expect(clients.filter(({ text }) => text.includes('[DONE]'))).toHaveLength(streams - 1)
})

test('`allow_h2` shares one connection, for those who want that', async () => {
  const target = await upstream()
  const proxy = await startProxy({ providers: [provider('a', target.url, { allow_h2: true })] })
  const clients = Array.from({ length: streams }, () =>
    start(proxy.url, paths.chat, { ...bodies.chat, stream: true }),
  )
  await Promise.all(clients.map((client) => client.frames(1)))
  expect(new Set(target.seen.map(({ request }) => request.httpVersion))).toEqual(new Set(['2.0']))
  expect(target.connections).toBeLessThan(streams)
  for (const { response } of target.seen) response.end(streamEnd)
  await until(() => clients.every(({ ended }) => ended))
  expect(clients.every(({ text }) => text.includes('[DONE]'))).toBe(true)
})

test('a certificate that nobody trusts is a clear error, without addresses', async () => {
  setDefaultCACertificates(authorities)
  const target = await upstream()
  const proxy = await startProxy({ providers: [provider('a', target.url, { max_retries: 0 })] })
  const { status, text } = await chat(proxy.url)
  setDefaultCACertificates([...authorities, pair.cert])
  expect(status).toBe(502)
  expect(text).toMatch(
    /cannot be reached \((?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+)\)/,
  )
  expect(text).not.toContain('127.0.0.1')
})
