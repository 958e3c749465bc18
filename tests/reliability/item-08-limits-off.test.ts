import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { ManualClock } from '../../packages/core/test/manual-clock.ts'
import {
  bodies,
  chat,
  chunk,
  completion,
  fakeUpstream,
  healthy,
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

const codeOf = (text: string) => (JSON.parse(text) as { error: { code: string } }).error.code
const hour = 3_600_000

test('0 switches each limit off, for a day', async () => {
  const slow = await fakeUpstream((request, response) => {
    setTimeout(() => {
      if (request.body.includes('"stream":true')) openStream(response).write(chunk('Hello'))
      else response.writeHead(200, { 'content-type': 'application/json' }).write(' ')
    }, 10)
  })
  const off = {
    idle_timeout: 0,
    request_timeout: 0,
    connect_timeout: 0,
    stream_timeout: 0,
    keepalive_interval: 0,
    write_timeout: 0,
  }
  const clock = new ManualClock()
  const proxy = await startProxy({ providers: [provider('a', slow.url, { timeout: 0 })], ...off }, { clock })
  const clients = [false, true].map((stream) => start(proxy.url, paths.chat, { ...bodies.chat, stream }))
  for (let asked = 0; asked < 24; asked += 1) {
    clock.advance(hour)
    await sleep(1)
  }
  await clients[1]!.frames(1)
  clock.advance(24 * hour)
  await sleep(10)
  expect(clients.map(({ ended }) => ended)).toEqual([false, false])
  expect(clients[1]!.text).not.toMatch(/^:/m)
  expect(proxy.gateway.inFlight).toBe(2)
  for (const client of clients) client.leave()
  await until(() => proxy.gateway.inFlight === 0)
})

test('absent is not 0: every limit has a default', async () => {
  const upstream = await fakeUpstream((request, response) => {
    if (request.body.includes('"stream":true')) openStream(response).write(chunk('Hello'))
  })
  const clock = new ManualClock()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] }, { clock })
  const whole = chat(proxy.url)
  const stream = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await stream.frames(1)
  await upstream.request(1)
  clock.advance(299_000)
  await sleep(20)
  expect(stream.ended).toBe(false)
  expect(proxy.gateway.inFlight).toBe(2)
  clock.advance(1_500)
  expect((await whole).status).toBe(504)
  await until(() => stream.ended)
  expect(stream.text).toContain('"code":"upstream_idle_timeout"')
})

// What a provider says wins, a 0 too; what it does not say is the global value.
test.each([
  ['a provider’s own 0 is none', { idle_timeout: 0 }, 'request_timeout'],
  ['a provider without one has the global one', {}, 'upstream_idle_timeout'],
  ['a provider’s own is its own', { idle_timeout: 60 }, 'upstream_idle_timeout'],
])('idle_timeout: %s', async (_name, own, code) => {
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write(' ')
  })
  const clock = new ManualClock()
  const idle = 'idle_timeout' in own && own.idle_timeout > 0 ? 0 : 60
  const proxy = await startProxy(
    { providers: [provider('a', upstream.url, own)], idle_timeout: idle, request_timeout: 120 },
    { clock },
  )
  const asked = chat(proxy.url)
  await upstream.request(0)
  await sleep(20)
  clock.advance(61_000)
  clock.advance(61_000)
  expect(codeOf((await asked).text)).toBe(code)
})

test.each([
  ['a provider’s own 0 is none', { connect_timeout: 0 }, 'upstream_first_byte_timeout'],
  ['a provider without one has the global one', {}, 'upstream_connect_timeout'],
])('connect_timeout: %s', async (_name, own, code) => {
  const { url, ...server } = await listening(createServer())
  const clock = new ManualClock()
  const entry = { timeout: 60, max_retries: 0, ...own }
  const proxy = await startProxy(
    { providers: [provider('a', url.replace('http:', 'https:'), entry)], connect_timeout: 5 },
    { clock },
  )
  const asked = chat(proxy.url)
  await until(() => server.server.listening && proxy.gateway.inFlight === 1)
  await sleep(20)
  clock.advance(5_000)
  await sleep(5)
  clock.advance(55_000)
  expect(codeOf((await asked).text)).toBe(code)
})

test('queue_timeout: 0 does not wait', async () => {
  const upstream = await fakeUpstream((request, response) => {
    if (upstream.requests.length > 1) healthy()(request, response)
  })
  const clock = new ManualClock()
  const entry = { max_connections: 1, queue_timeout: 0 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url, entry)] }, { clock })
  const first = start(proxy.url, paths.chat, bodies.chat)
  await upstream.request(0)
  expect((await chat(proxy.url)).status).toBe(503)
  expect(proxy.requests[0]).toMatchObject({ skipped: [{ provider: 'a', reason: 'queue_timeout' }] })
  first.leave()
  await until(() => proxy.gateway.inFlight === 0)
  expect((await chat(proxy.url)).status).toBe(200)
})

test('a stream that says something at half of the idle limit goes on for ten times the limit, beyond every other', async () => {
  const said: ((text: string) => void)[] = []
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    said.push((text) => void response.write(text))
  })
  const clock = new ManualClock()
  const limits = { idle_timeout: 60, request_timeout: 60, keepalive_interval: 0 }
  const entry = { timeout: 60 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url, entry)], ...limits }, { clock })
  const client = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await upstream.request(0)
  for (let sent = 0; sent < 20; sent += 1) {
    said[0]!(chunk(`${sent} `))
    await client.frames(sent + 1)
    clock.advance(30_000)
  }
  said[0]!(streamEnd)
  await until(() => client.text.endsWith('data: [DONE]\n\n'))
  expect(client.text).toContain('"19 "')
})

test('a stream that says something in time is ended by the limit of the whole', async () => {
  const said: ((text: string) => void)[] = []
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    said.push((text) => void response.write(text))
  })
  const clock = new ManualClock()
  const limits = { idle_timeout: 60, stream_timeout: 100 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], ...limits }, { clock })
  const client = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await upstream.request(0)
  for (let sent = 0; sent < 3; sent += 1) {
    said[0]!(chunk(`${sent} `))
    await until(() => client.text.includes(`"${sent} "`))
    clock.advance(30_000)
  }
  await sleep(10)
  expect(client.ended).toBe(false)
  clock.advance(10_000)
  await until(() => client.ended)
  expect(client.text).toContain('"code":"stream_timeout"')
})

test('0 in real time: a slow answer is waited for', async () => {
  const slow = await fakeUpstream((_request, response) => {
    setTimeout(() => sendJson(response, 200, completion()), 60)
  })
  const off = { idle_timeout: 0, request_timeout: 0, connect_timeout: 0 }
  const proxy = await startProxy({ providers: [provider('a', slow.url, { timeout: 0 })], ...off })
  expect((await chat(proxy.url)).status).toBe(200)
})
