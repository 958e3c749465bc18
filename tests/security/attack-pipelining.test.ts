import { expect, test } from 'vitest'
import {
  bodies,
  fakeUpstream,
  healthy,
  paths,
  provider,
  raw,
  rawSocket,
  startProxy,
  until,
} from '../reliability/support.ts'

const body = JSON.stringify(bodies.chat)
const head = `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`
const request = `${head}content-length: ${body.length}\r\n\r\n${body}`

test('a connection that sends hundreds of requests without waiting is closed, and others are served', async () => {
  const upstream = await fakeUpstream(() => undefined)
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const socket = rawSocket(proxy.url)
  socket.on('error', () => undefined)
  socket.write(request.repeat(500))
  await until(() => socket.closed)
  await until(() => proxy.gateway.inFlight === 0)
  expect(upstream.requests.length).toBeLessThanOrEqual(32)
  expect(
    await raw(proxy.url, 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
  ).toContain(' 200 OK')
})

test('a few requests in one go are all answered, on one connection as often as it likes', async () => {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const socket = rawSocket(proxy.url)
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  for (let round = 1; round <= 10; round++) {
    socket.write(request.repeat(8))
    await until(() => text.split('HTTP/1.1 200 OK').length > round * 8)
  }
  socket.destroy()
  expect(upstream.requests).toHaveLength(80)
})
