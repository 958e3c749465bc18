import { expect, test } from 'vitest'
import {
  bodies,
  chunk,
  fakeUpstream,
  openStream,
  paths,
  provider,
  rawSocket,
  sendJson,
  startProxy,
  until,
} from '../reliability/support.ts'

const request = (stream: boolean) => {
  const body = JSON.stringify({ ...bodies.chat, stream })
  return `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

async function gateway(stream: boolean) {
  const upstream = await fakeUpstream((_request, response) => {
    if (stream) openStream(response).write(chunk('x'))
    else setTimeout(() => sendJson(response, 500, {}), 5000).unref()
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const socket = rawSocket(proxy.url)
  const seen = { text: '' }
  socket.on('data', (bytes: Buffer) => (seen.text += bytes.toString('latin1')))
  socket.write(request(stream))
  await upstream.request(0)
  return { upstream, socket, seen }
}

const following: readonly (readonly [name: string, bytes: string])[] = [
  ['what is no HTTP', 'garbage\u0000\r\n\r\n'],
  ['headers of 64 KiB', `GET / HTTP/1.1\r\nx: ${'y'.repeat(65_536)}`],
  ['two lengths', 'GET / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n'],
]

test.each(following)(
  '%s behind a stream that runs cuts the connection, and puts no answer into it',
  async (_, bytes) => {
    const { upstream, socket, seen } = await gateway(true)
    await until(() => seen.text.includes('"content":"x"'))
    socket.write(bytes)
    await until(() => socket.destroyed)
    expect(seen.text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(seen.text).toMatch(/\n\n\r\n$/)
    await until(() => upstream.requests[0]?.aborted)
  },
)

test.each(following)('%s behind a request that is worked on is not its answer', async (_, bytes) => {
  const { upstream, socket, seen } = await gateway(false)
  socket.write(bytes)
  await until(() => socket.destroyed)
  expect(seen.text).toBe('')
  await until(() => upstream.requests[0]?.aborted)
})
