import { expect, test } from 'vitest'
import {
  fakeUpstream,
  healthy,
  provider,
  rawSocket,
  send,
  startProxy,
  until,
} from '../reliability/support.ts'

const routes = [
  '/v1/chat/completions',
  '/v1/embeddings',
  '/v1/images/generations',
  '/v1/videos/generations',
  '/v1/messages',
]

async function gateway(api_keys: string[] = []) {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({ providers: [provider('a', upstream.url)], api_keys })
  return { url, upstream }
}

test.each([
  [
    'a form',
    'multipart/form-data; boundary=x',
    '--x\r\ncontent-disposition: form-data; name="model"\r\n\r\nm\r\n--x--\r\n',
  ],
  ['a boundary of 10 KB', `multipart/form-data; boundary=${'-'.repeat(10_000)}`, '-'.repeat(1_000_000)],
  ['a form without a boundary', 'multipart/form-data', '--\r\n'],
  ['a megabyte of dashes', 'multipart/form-data; boundary=-', '-'.repeat(1_000_000)],
  ['ten thousand empty parts', 'multipart/form-data; boundary=x', '--x\r\n\r\n'.repeat(10_000)],
  [
    'parts in parts',
    'multipart/mixed; boundary=x',
    '--x\r\ncontent-type: multipart/mixed; boundary=y\r\n\r\n--y\r\n'.repeat(1000),
  ],
  [
    'a form that calls itself JSON',
    'application/json; multipart/form-data; boundary=x',
    '--x\r\n{}\r\n--x--',
  ],
])('%s is refused unread, on every route', async (_, type, body) => {
  const { url, upstream } = await gateway()
  for (const route of routes) {
    const before = process.cpuUsage()
    const { status } = await send(url, route, { body, headers: { 'content-type': type } })
    const { user } = process.cpuUsage(before)
    expect([400, 415]).toContain(status)
    expect(user / 1000).toBeLessThan(500)
  }
  expect(upstream.requests).toHaveLength(0)
})

test('without a key not even that is looked at: the answer comes before the body', async () => {
  const { url } = await gateway(['the-key-of-a-client'])
  const socket = rawSocket(url)
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  socket.write(
    'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 1000000\r\n\r\n--x\r\n',
  )
  await until(() => text.includes('invalid_api_key'))
  expect(text).toMatch(/^HTTP\/1\.1 401 /)
})
