import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import {
  bodies,
  chat,
  chunk,
  fakeUpstream,
  healthy,
  openStream,
  paths,
  provider,
  rawSocket,
  startProxy,
  streamEnd,
  until,
} from '../reliability/support.ts'
import { held, mebibyte } from './support/held.ts'

/** Asks for an answer and reads nothing of it. */
function deaf(url: string, more: object = {}): Socket {
  const body = JSON.stringify({ ...bodies.chat, ...more })
  const socket = rawSocket(url)
  socket.pause()
  socket.write(
    `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  return socket
}

const piece = chunk('x'.repeat(16_384))

/** An upstream that has 20 MB for each request, and writes as fast as it is read. */
async function generous() {
  const written = { bytes: 0 }
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    let left = 20 * mebibyte
    const fill = () => {
      while (left > 0 && !response.destroyed) {
        left -= piece.length
        written.bytes += piece.length
        if (!response.write(piece)) return
      }
      response.end(streamEnd)
    }
    response.on('drain', fill)
    fill()
  })
  return Object.assign(upstream, { written })
}

test('streams that nobody reads take little memory, and are cut with their upstreams', async () => {
  const upstream = await generous()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], write_timeout: 0.5 })
  const before = held()
  let most = 0
  const measuring = setInterval(() => (most = Math.max(most, held() - before)), 500)
  for (let index = 0; index < 8; index++) deaf(proxy.url, { stream: true })
  await until(() => proxy.requests.length === 8, 15_000)
  clearInterval(measuring)
  // The clients, the gateway and the upstream together; 160 MB wait behind.
  expect(most).toBeLessThan(40 * mebibyte)
  expect(proxy.requests.map(({ ending }) => ending)).toEqual(proxy.requests.map(() => 'client_gone'))
  await until(() => upstream.requests.every(({ aborted }) => aborted))
  expect((await chat(proxy.url, { stream: true })).text).toContain('[DONE]')
})

test.runIf(process.platform === 'linux')(
  'a connection whose other end has vanished is noticed: the kernel asks for it',
  async () => {
    const upstream = await fakeUpstream(() => undefined)
    const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
    const socket = deaf(proxy.url)
    await upstream.request(0)
    const port = (number: number) => number.toString(16).toUpperCase().padStart(4, '0')
    const line = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((each) => each.trim().split(/\s+/))
      .find(
        ([, local, remote]) =>
          local?.endsWith(`:${port(socket.remotePort!)}`) && remote?.endsWith(`:${port(socket.localPort!)}`),
      )
    // `02`: a keepalive timer, of at most 30 seconds in hundredths.
    const [timer, ticks] = line?.[5]?.split(':') ?? []
    expect(timer).toBe('02')
    expect(Number.parseInt(ticks ?? '', 16)).toBeLessThanOrEqual(3000)
  },
)

test('a client that closes its side of the connection is gone, and its upstream is let go', async () => {
  const upstream = await fakeUpstream(() => undefined)
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  deaf(proxy.url).end()
  await until(() => upstream.requests[0]?.aborted)
  await until(() => proxy.gateway.inFlight === 0)
  expect(proxy.requests[0]).toMatchObject({ ending: 'client_gone' })
})

test('hundreds of heads and bodies that come byte by byte keep nobody waiting', async () => {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const before = held()
  const slow = Array.from({ length: 400 }, (_, index) => {
    const socket = rawSocket(proxy.url)
    const head = `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`
    socket.write(index % 2 === 0 ? head : `${head}content-length: 60000000\r\n\r\n{"model":"m","x":"`)
    return socket
  })
  for (let round = 0; round < 5; round++) {
    for (const socket of slow) socket.write('y')
    const begun = performance.now()
    expect((await chat(proxy.url)).status).toBe(200)
    expect(performance.now() - begun).toBeLessThan(1000)
  }
  expect(held() - before).toBeLessThan(40 * mebibyte)
  expect(upstream.requests).toHaveLength(5)
})
