import { gzipSync } from 'node:zlib'
import { createGateway } from '@llmproxy/core'
import mock from '@llmproxy/provider-mock'
import { buildApp } from '@llmproxy/server'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import {
  bodies,
  chunk,
  fakeUpstream,
  openStream,
  paths,
  provider,
  type Proxy,
  rawSocket,
  sleep,
  startProxy,
  until,
} from '../reliability/support.ts'

/** Asks for a stream and reads nothing. */
function deafClient(url: string) {
  const body = JSON.stringify({ ...bodies.chat, stream: true })
  const socket = rawSocket(url)
  socket.pause()
  socket.write(
    `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  return socket
}

const large = chunk('x'.repeat(16_384))

/** An upstream that writes as fast as it is read, without end, and counts. */
async function flooding() {
  const written = { bytes: 0 }
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    const fill = () => {
      do written.bytes += large.length
      while (!response.destroyed && response.write(large))
    }
    response.on('drain', fill)
    fill()
  })
  return Object.assign(upstream, { written })
}

async function expectCut(proxy: Proxy, aborted: () => boolean | undefined) {
  await until(aborted)
  await until(() => proxy.gateway.inFlight === 0)
  expect(proxy.requests[0]).toMatchObject({ ending: 'client_gone' })
}

test('a client that reads nothing is cut after `write_timeout`, and its upstream aborted', async () => {
  const upstream = await flooding()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], write_timeout: 0.2 })
  deafClient(proxy.url)
  await expectCut(proxy, () => upstream.requests[0]?.aborted)
})

test('until then the upstream waits: nothing is gathered in between', async () => {
  const upstream = await flooding()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const socket = deafClient(proxy.url)
  await upstream.request(0)
  let before = -1
  while (before !== upstream.written.bytes) {
    before = upstream.written.bytes
    await sleep(150)
  }
  // What the kernel holds between three sockets, and a little of ours.
  expect(before).toBeLessThan(40 * 1024 * 1024)
  expect(proxy.gateway.inFlight).toBe(1)
  socket.destroy()
  await expectCut(proxy, () => upstream.requests[0]?.aborted)
})

test('a compressed flood waits for the client as well', async () => {
  const zipped = gzipSync(large.repeat(12_000))
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response, { 'content-encoding': 'gzip' }).write(zipped)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const before = process.memoryUsage().rss
  const socket = deafClient(proxy.url)
  await upstream.request(0)
  await sleep(400)
  expect(process.memoryUsage().rss - before).toBeLessThan(120 * 1024 * 1024)
  expect(proxy.gateway.inFlight).toBe(1)
  socket.destroy()
  await until(() => proxy.gateway.inFlight === 0)
})

test('a client that reads slowly, but reads, keeps its stream', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    for (let index = 0; index < 400; index++) response.write(large)
    response.end('data: [DONE]\n\n')
  })
  const proxy = await startProxy({
    providers: [provider('a', upstream.url)],
    write_timeout: 0.3,
    idle_timeout: 0.2,
  })
  const socket = deafClient(proxy.url)
  let received = 0
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length
    socket.pause()
  })
  socket.pause()
  const reading = setInterval(() => socket.resume(), 1)
  onTestFinished(() => clearInterval(reading))
  await until(() => received > 400 * 16_384, 15_000)
  expect(proxy.requests[0]).toMatchObject({ ending: 'complete' })
})

test('headers and bodies that never end are given up', async () => {
  const gateway = await createGateway(
    { providers: [{ name: 'mock', type: 'mock', models: ['mock-*'] }] },
    { plugins: [mock] },
  )
  const quiet = () => undefined
  const app = buildApp(gateway, {
    settings: gateway.config,
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
  })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
    await gateway.close()
  })
  expect(app.server).toMatchObject({ headersTimeout: 20_000, requestTimeout: 120_000 })
  // The same limits, shorter: Node looks at them every 5 seconds.
  app.server.headersTimeout = 100
  app.server.requestTimeout = 200
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const sockets = [
    'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nx-a: ',
    'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    '',
  ].map((bytes) => {
    const socket = rawSocket(url)
    const seen = { text: '', closed: false }
    socket.on('data', (part: Buffer) => (seen.text += part.toString('latin1')))
    socket.on('close', () => (seen.closed = true))
    socket.write(bytes)
    return seen
  })
  await until(() => sockets.every(({ closed }) => closed), 12_000)
  expect(sockets[0]?.text).toMatch(/^HTTP\/1\.1 408 /)
  expect(sockets[1]?.text).toMatch(/^HTTP\/1\.1 408 /)
})
