import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import {
  bodies,
  chat,
  chunk,
  completion,
  fakeUpstream,
  listening,
  openStream,
  paths,
  provider,
  sendJson,
  sleep,
  start,
  startProxy,
  streamEnd,
  until,
} from './support.ts'

const silent = () => fakeUpstream(() => undefined)
const codeOf = (text: string) => (JSON.parse(text) as { error: { code: string } }).error.code

test('connect: a TLS handshake that is never answered', async () => {
  const { url } = await listening(createServer())
  const providers = [provider('a', url.replace('http:', 'https:'), { connect_timeout: 0.1, max_retries: 0 })]
  const { status, text } = await chat((await startProxy({ providers })).url)
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('connect_timeout')
})

test.each([true, false])('first byte, streamed: %s', async (stream) => {
  const upstream = await silent()
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { timeout: 0.08 })] })
  const { status, text } = await chat(proxy.url, { stream })
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('first_byte_timeout')
  expect(proxy.requests[0]).toMatchObject({ ending: 'proxy_timeout', error_code: 'first_byte_timeout' })
  await until(() => upstream.requests[0]?.aborted)
  expect(upstream.requests).toHaveLength(1)
})

test('idle, inside a stream: an error in the stream, and no invented end', async () => {
  const upstream = await fakeUpstream((_request, response) => void openStream(response).write(chunk('Hel')))
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], idle_timeout: 0.08 })
  const { status, text } = await chat(proxy.url, { stream: true })
  expect(status).toBe(200)
  const last = text.trim().split('\n\n').at(-1) ?? ''
  expect(codeOf(last.replace('data: ', ''))).toBe('idle_timeout')
  expect(text).not.toContain('[DONE]')
  expect(text).not.toContain('"finish_reason":"')
  expect(proxy.requests[0]).toMatchObject({
    ending: 'proxy_timeout',
    error_code: 'idle_timeout',
    tokens: null,
  })
  await until(() => upstream.requests[0]?.aborted)
})

test('idle, inside a whole answer', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"id"')
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { idle_timeout: 0.08 })] })
  const { status, text } = await chat(proxy.url)
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('idle_timeout')
})

test('total of a request: over all its retries and providers', async () => {
  const upstream = await silent()
  const providers = [provider('a', upstream.url, { timeout: 0 }), provider('b', upstream.url, { timeout: 0 })]
  const proxy = await startProxy({ providers, request_timeout: 0.1 })
  const begun = performance.now()
  const { status, text } = await chat(proxy.url)
  expect(performance.now() - begun).toBeLessThan(1000)
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('request_timeout')
  expect(upstream.requests).toHaveLength(1)
})

test('total of a stream: an error in the stream', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    const timer = setInterval(() => response.write(chunk('x')), 10)
    response.on('close', () => clearInterval(timer))
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], stream_timeout: 0.15 })
  const { text } = await chat(proxy.url, { stream: true })
  expect(text).toContain('"code":"request_timeout"')
  expect(text).not.toContain('[DONE]')
  await until(() => upstream.requests[0]?.aborted)
})

test('a stream may last many times longer than every limit but its own', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    let sent = 0
    const timer = setInterval(() => {
      sent += 1
      response.write(chunk(`${sent} `))
      if (sent < 40) return
      clearInterval(timer)
      response.end(streamEnd)
    }, 10)
  })
  const limits = { idle_timeout: 0.1, request_timeout: 0.1 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { timeout: 0.1 })], ...limits })
  const { text } = await chat(proxy.url, { stream: true })
  expect(text).toContain('"40 "')
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(proxy.requests[0]).toMatchObject({ ending: 'complete' })
})

test('0 switches each limit off', async () => {
  const slow = await fakeUpstream((_request, response) => {
    setTimeout(() => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('  ')
      setTimeout(() => response.end(JSON.stringify(completion())), 120)
    }, 120)
  })
  const off = { idle_timeout: 0, request_timeout: 0, connect_timeout: 0, stream_timeout: 0 }
  const proxy = await startProxy({ providers: [provider('a', slow.url, { timeout: 0 })], ...off })
  expect((await chat(proxy.url)).status).toBe(200)
  const client = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await sleep(50)
  expect(proxy.gateway.inFlight).toBe(1)
  await until(() => client.ended)
  expect(client.text).toContain('Hello')
})

test('a limit that passed leaves the slot and the provider usable', async () => {
  let asked = 0
  const upstream = await fakeUpstream((_request, response) => {
    asked += 1
    if (asked > 1) sendJson(response, 200, completion())
  })
  const providers = [provider('a', upstream.url, { timeout: 0.05, max_connections: 1, queue_timeout: 0.05 })]
  const proxy = await startProxy({ providers })
  expect((await chat(proxy.url)).status).toBe(504)
  expect((await chat(proxy.url)).status).toBe(200)
})
