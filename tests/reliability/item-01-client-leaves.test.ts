import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  beginning,
  bodies,
  chunk,
  failing,
  type FakeUpstream,
  fakeUpstream,
  healthy,
  listening,
  metric,
  openStream,
  pair,
  paths,
  provider,
  type Proxy,
  rawSocket,
  sendJson,
  sleep,
  start,
  startProxy,
  until,
} from './support.ts'
import { modelRoutes, routeProvider } from './support/model-routes.ts'
import { pollEveryMs, roundabout } from './support/roundabout.ts'

/** Milliseconds in which every connection of the request is closed after its client has left. */
const limitMs = 1000

interface Left {
  readonly proxy: Proxy
  /** Whose last request was running when the client left. */
  readonly upstream: FakeUpstream
  readonly operation?: string
  /** Requests at that upstream. */
  readonly requests?: number
  readonly tokens?: object | null
}

/** The client has left just now: nothing of its request may go on, and nobody but the client is to blame. */
async function expectFreed({ proxy, upstream, requests = 1, ...more }: Left) {
  const leftAt = performance.now()
  const last = await until(() => upstream.requests.at(-1))
  expect((await until(() => last.closedAt)) - leftAt).toBeLessThan(limitMs)
  expect(last.aborted).toBe(true)
  await expectGone(proxy, more)
  expect(upstream.requests).toHaveLength(requests)
}

async function expectGone(
  proxy: Proxy,
  { operation = 'chat', tokens = null }: Pick<Left, 'operation' | 'tokens'> = {},
) {
  const [line] = await until(() => proxy.requests.length > 0 && proxy.requests)
  expect(line).toMatchObject({ ending: 'client_gone', operation, tokens })
  expect(proxy.gateway.inFlight).toBe(0)
  expect(await metric(proxy, 'llmproxy_requests_in_flight', { operation })).toBe(0)
  expect(await metric(proxy, 'llmproxy_requests_settled_total', { operation, ending: 'client_gone' })).toBe(1)
  const { providers } = (await (await fetch(`${proxy.url}/providers`)).json()) as { providers: object[] }
  for (const each of providers) expect(each).toMatchObject({ in_flight: 0, queued: 0 })
}

/** One failure would open its breaker. */
const oneFailure = { circuit_breaker_threshold: 1 }

function expectUnblamed({ gateway }: Proxy, name = 'a') {
  const { providers } = gateway.providers() as {
    providers: { name: string; breakers: Record<string, string> }[]
  }
  const { breakers } = providers.find((each) => each.name === name)!
  expect(new Set(Object.values(breakers))).toEqual(new Set(['closed']))
}

describe.each(modelRoutes)('$name', (route) => {
  const { operation, streamed, path, body } = route

  async function leaving(answer: Parameters<typeof fakeUpstream>[0]) {
    const upstream = await fakeUpstream(answer)
    const proxy = await startProxy({ providers: [routeProvider(route, 'a', upstream.url, oneFailure)] })
    const client = start(proxy.url, path, body)
    await upstream.request(0)
    return { upstream, proxy, client }
  }

  test('before the head of the answer', async () => {
    const { upstream, proxy, client } = await leaving(() => undefined)
    client.leave()
    await expectFreed({ proxy, upstream, operation })
    expectUnblamed(proxy)
  })

  test('inside the answer', async () => {
    const { upstream, proxy, client } = await leaving((_request, response) => {
      if (streamed) openStream(response).write(beginning(operation))
      else response.writeHead(200, { 'content-type': 'application/json' }).write('{"id":')
    })
    if (streamed) await client.frames(1)
    else await sleep(20)
    client.leave()
    // The Messages dialect tells of usage at the beginning; what is known is kept.
    const tokens = operation === 'messages' && streamed ? { input: 3, output: 2, total: 5 } : null
    await expectFreed({ proxy, upstream, operation, tokens })
    expectUnblamed(proxy)
  })
})

async function behind(upstream: FakeUpstream, more: object = {}) {
  return startProxy({ providers: [provider('a', upstream.url, more)] })
}

test('while the connection is made: no request goes out when it stands', async () => {
  const closed: number[] = []
  const silent = createServer((socket) => socket.resume().on('close', () => closed.push(performance.now())))
  const upstream = await listening(silent, 'https')
  const proxy = await startProxy({ providers: [provider('a', upstream.url, oneFailure)] })
  const client = start(proxy.url, paths.chat, bodies.chat)
  await until(() => upstream.connections === 1)
  client.leave()
  const leftAt = performance.now()
  expect((await until(() => closed[0])) - leftAt).toBeLessThan(limitMs)
  await expectGone(proxy)
  expectUnblamed(proxy)
  expect(upstream.connections).toBe(1)
})

test('of a stream that has not said anything yet', async () => {
  const upstream = await fakeUpstream((_request, response) => openStream(response).flushHeaders())
  const proxy = await behind(upstream, oneFailure)
  const client = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await upstream.request(0)
  await sleep(20)
  client.leave()
  await expectFreed({ proxy, upstream })
  expectUnblamed(proxy)
})

test('after usage was told: it is recorded, whether the client asked for it or not', async () => {
  const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response).write(
      chunk('Hello') + `data: ${JSON.stringify({ choices: [], usage })}\n\n` + chunk('!'),
    )
  })
  const proxy = await behind(upstream)
  const client = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await until(() => client.text.includes('!'))
  client.leave()
  await expectFreed({ proxy, upstream, tokens: { input: 3, output: 2, total: 5 } })
  expect(await metric(proxy, 'llmproxy_tokens_total', { provider: 'a', type: 'output' })).toBe(2)
})

test('without having read: an upstream that is held back is let go too', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    const fill = () => {
      while (!response.destroyed && response.write(chunk('x'.repeat(60_000))));
    }
    response.on('drain', fill)
    fill()
  })
  const proxy = await behind(upstream)
  const socket = rawSocket(proxy.url)
  socket.pause()
  const body = JSON.stringify({ ...bodies.chat, stream: true })
  socket.write(
    `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  await upstream.request(0)
  await sleep(50)
  socket.destroy()
  await expectFreed({ proxy, upstream })
})

test('during a backoff: the retry is never sent', async () => {
  const upstream = await fakeUpstream(failing(503, { 'retry-after-ms': '80' }))
  const proxy = await behind(upstream)
  const client = start(proxy.url, paths.chat, bodies.chat)
  await until(() => upstream.requests[0]?.closedAt)
  await sleep(20)
  client.leave()
  await expectGone(proxy)
  await sleep(120)
  expect(upstream.requests).toHaveLength(1)
  expectUnblamed(proxy)
})

test('during the second attempt: the third provider is never asked', async () => {
  const [first, second, third] = [
    await fakeUpstream(failing(429)),
    await fakeUpstream(() => undefined),
    await fakeUpstream(healthy()),
  ]
  const providers = [
    ...pair(provider('a', first.url), provider('b', second.url, oneFailure)),
    provider('c', third.url, { priority: 3 }),
  ]
  const proxy = await startProxy({ providers })
  const client = start(proxy.url, paths.chat, bodies.chat)
  await second.request(0)
  client.leave()
  await expectFreed({ proxy, upstream: second })
  expect(proxy.requests[0]).toMatchObject({ attempts: 2, provider: 'b' })
  expectUnblamed(proxy, 'b')
  expect(third.requests).toHaveLength(0)
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

describe('at a vendor that needs several requests', () => {
  const vendor = (url: string, more: object = {}) =>
    startProxy(
      {
        providers: [{ name: 'a', type: 'roundabout', base_url: url, models: ['m'], ...oneFailure, ...more }],
      },
      { plugins: [roundabout] },
    )

  test.each(['head', 'body'])('before the %s of the token: the vendor is never asked', async (part) => {
    const upstream = await fakeUpstream(healthy())
    const tokens = await fakeUpstream((_request, response) => {
      if (part === 'body') response.writeHead(200, { 'content-type': 'text/plain' }).write('half a tok')
    })
    const proxy = await vendor(upstream.url, { token_url: tokens.url })
    const client = start(proxy.url, paths.chat, bodies.chat)
    await tokens.request(0)
    await sleep(20)
    client.leave()
    await expectFreed({ proxy, upstream: tokens })
    expectUnblamed(proxy)
    expect(upstream.requests).toHaveLength(0)
  })

  test('between the parts of a request: those under way are closed, and no other begins', async () => {
    const upstream = await fakeUpstream((request, response) => {
      if (upstream.requests.indexOf(request) < 2)
        sendJson(response, 200, { created: 1, data: [{ url: 'x' }] })
    })
    const proxy = await vendor(upstream.url)
    const client = start(proxy.url, paths.images, { ...bodies.images, n: 9 })
    await upstream.request(5)
    client.leave()
    await expectFreed({ proxy, upstream, operation: 'images', requests: 6 })
    await until(() => upstream.requests.every(({ closedAt }) => closedAt !== undefined))
    expect(upstream.requests.map(({ aborted }) => aborted)).toEqual([false, false, true, true, true, true])
    expectUnblamed(proxy)
  })

  const job = { id: 'job-1', status: 'queued' }

  test('in the pause before a question about a job: it is never asked', async () => {
    const upstream = await fakeUpstream((_request, response) => sendJson(response, 200, job))
    const proxy = await vendor(upstream.url)
    const client = start(proxy.url, paths.videos, bodies.videos)
    await until(() => upstream.requests[0]?.closedAt)
    await sleep(10)
    client.leave()
    await expectGone(proxy, { operation: 'videos' })
    await sleep(pollEveryMs + 40)
    expect(upstream.requests).toHaveLength(1)
    expectUnblamed(proxy)
  })

  test('during a question about a job: it is closed, and no other follows', async () => {
    const upstream = await fakeUpstream(({ method }, response) => {
      if (method === 'POST') sendJson(response, 200, job)
    })
    const proxy = await vendor(upstream.url)
    const client = start(proxy.url, paths.videos, bodies.videos)
    await upstream.request(1)
    client.leave()
    await expectFreed({ proxy, upstream, operation: 'videos', requests: 2 })
    await sleep(pollEveryMs + 40)
    expect(upstream.requests).toHaveLength(2)
    expectUnblamed(proxy)
  })
})
