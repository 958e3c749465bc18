import { expect, test } from 'vitest'
import {
  bodies,
  chunk,
  failing,
  type FakeUpstream,
  fakeUpstream,
  metric,
  openStream,
  paths,
  provider,
  type Proxy,
  sleep,
  start,
  startProxy,
  until,
} from './support.ts'

const limitMs = 1000

async function behind(upstream: FakeUpstream, more: object = {}) {
  return startProxy({ providers: [provider('a', upstream.url, more)] })
}

async function expectFreed(upstream: FakeUpstream, proxy: Proxy, leftAt: number) {
  const closedAt = await until(() => upstream.requests[0]?.closedAt)
  expect(closedAt - leftAt).toBeLessThan(limitMs)
  expect(upstream.requests[0]).toMatchObject({ aborted: true })
  await expectGone(proxy)
}

async function expectGone(proxy: Proxy) {
  const [line] = await until(() => proxy.requests.length > 0 && proxy.requests)
  expect(line).toMatchObject({ ending: 'client_gone' })
  expect(proxy.gateway.inFlight).toBe(0)
  expect(await metric(proxy, 'llmproxy_requests_in_flight', { operation: 'chat' })).toBe(0)
  expect(
    await metric(proxy, 'llmproxy_requests_settled_total', { operation: 'chat', ending: 'client_gone' }),
  ).toBe(1)
}

test.each([true, false])('before the headers of the answer, streamed: %s', async (stream) => {
  const upstream = await fakeUpstream(() => undefined)
  const proxy = await behind(upstream)
  const client = start(proxy.url, paths.chat, { ...bodies.chat, stream })
  await upstream.request(0)
  client.leave()
  await expectFreed(upstream, proxy, performance.now())
})

test('in the middle of a stream', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    const timer = setInterval(() => response.write(chunk('x')), 10)
    response.on('close', () => clearInterval(timer))
  })
  const proxy = await behind(upstream)
  const client = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await client.frames(3)
  client.leave()
  await expectFreed(upstream, proxy, performance.now())
})

test('in the middle of a whole answer', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":')
  })
  const proxy = await behind(upstream)
  const client = start(proxy.url, paths.chat, bodies.chat)
  await upstream.request(0)
  await sleep(30)
  client.leave()
  await expectFreed(upstream, proxy, performance.now())
})

test('during a backoff: the retry is never sent', async () => {
  const upstream = await fakeUpstream(failing(503, { 'retry-after-ms': '250' }))
  const proxy = await behind(upstream)
  const client = start(proxy.url, paths.chat, bodies.chat)
  await until(() => upstream.requests[0]?.closedAt)
  await sleep(20)
  client.leave()
  await expectGone(proxy)
  await sleep(350)
  expect(upstream.requests).toHaveLength(1)
})

test('in the queue of a busy provider: nothing is sent for it, and its place is free', async () => {
  const upstream = await fakeUpstream(() => undefined)
  const proxy = await behind(upstream, { max_connections: 1 })
  const first = start(proxy.url, paths.chat, bodies.chat)
  await upstream.request(0)
  const second = start(proxy.url, paths.chat, bodies.chat)
  await until(() => proxy.gateway.inFlight === 2)
  second.leave()
  await until(() => proxy.gateway.inFlight === 1)
  first.leave()
  await until(() => proxy.gateway.inFlight === 0)
  expect(proxy.requests.map(({ ending }) => ending)).toEqual(['client_gone', 'client_gone'])
  expect(upstream.requests).toHaveLength(1)
})
