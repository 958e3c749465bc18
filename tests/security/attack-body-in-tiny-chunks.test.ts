import { expect, test } from 'vitest'
import {
  bodies,
  fakeUpstream,
  healthy,
  paths,
  provider,
  rawSocket,
  sleep,
  startProxy,
  until,
} from '../reliability/support.ts'
import { held, mebibyte } from './support/held.ts'

async function gateway() {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const socket = rawSocket(proxy.url)
  const seen = { text: '' }
  socket.on('data', (bytes: Buffer) => (seen.text += bytes.toString('latin1')))
  socket.write(
    `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
  )
  return { upstream, socket, seen }
}

/** One byte of body in six bytes of HTTP. */
const pieces = (text: string) => text.replaceAll(/./gs, '1\r\n$&\r\n')

test('a body in chunks of one byte takes about the memory of its bytes', async () => {
  const { upstream, socket, seen } = await gateway()
  const before = held()
  socket.write(pieces(JSON.stringify(bodies.chat)) + pieces(' ').repeat(200_000))
  await until(() => socket.writableLength === 0)
  await sleep(200)
  // As objects of their own they take sixteen megabytes of the heap, and as much again outside of it.
  expect(held() - before).toBeLessThan(4 * mebibyte)
  socket.write('0\r\n\r\n')
  await until(() => seen.text.includes('\r\n\r\n'))
  expect(seen.text).toMatch(/^HTTP\/1\.1 200 /)
  expect(upstream.requests[0]?.body.length).toBeGreaterThan(200_000)
})

test('chunks without end are refused long before the limit of bytes, because each costs time', async () => {
  const { upstream, socket, seen } = await gateway()
  const many = pieces(' ').repeat(10_000)
  const write = () => {
    while (!socket.destroyed && socket.write(many));
  }
  socket.on('drain', write)
  write()
  await until(() => seen.text.includes('too_many_chunks'))
  expect(seen.text).toMatch(/^HTTP\/1\.1 400 /)
  await until(() => socket.destroyed)
  expect(upstream.requests).toHaveLength(0)
})
