import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import {
  type Answer,
  bodies,
  chat,
  chunk,
  completion,
  fakeUpstream,
  type Fields,
  listening,
  metric,
  openStream,
  paths,
  provider,
  type Proxy,
  refusingUrl,
  sendJson,
  start,
  startProxy,
  until,
} from './support.ts'
import { fullBacklog } from './support/full-backlog.ts'

const silent = () => fakeUpstream(() => undefined)
const codeOf = (text: string) => (JSON.parse(text) as { error: { code: string } }).error.code
/** The error event at the end of a stream. */
const codeAtEnd = (text: string) => codeOf((text.trim().split('\n\n').at(-1) ?? '').replace('data: ', ''))

/** Runs a request and tells how long it took. */
async function timed<T>(run: () => Promise<T>): Promise<[T, number]> {
  const begun = performance.now()
  return [await run(), performance.now() - begun]
}

/** Generous upwards, since the machine may be busy; a limit that has a granularity of a second is out of it all the same. */
function expectAt(milliseconds: number, limit: number): void {
  expect(milliseconds).toBeGreaterThanOrEqual(limit - 2)
  expect(milliseconds).toBeLessThan(limit + 900)
}

function timeouts(proxy: Proxy): Promise<readonly number[]> {
  const phases = ['connect', 'first_byte', 'idle', 'total', 'stream']
  return Promise.all(
    phases.map((phase) => metric(proxy, 'llmproxy_timeouts_total', { provider: 'a', phase })),
  )
}

test.each([
  ['a listener whose backlog is full', () => fullBacklog()],
  [
    'a TLS handshake that is never answered',
    async () => (await listening(createServer())).url.replace('http:', 'https:'),
  ],
])('connect: %s', async (_name, open) => {
  const providers = [provider('a', await open(), { connect_timeout: 0.15, max_retries: 0 })]
  const proxy = await startProxy({ providers })
  const [{ status, text }, took] = await timed(() => chat(proxy.url))
  expectAt(took, 150)
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('upstream_connect_timeout')
  expect(text).toContain('Provider \\"a\\": the upstream did not accept a connection in time')
  expect(await timeouts(proxy)).toEqual([1, 0, 0, 0, 0])
})

test('connect: nothing was sent, so it is tried again where nobody else is there to ask', async () => {
  const { url, ...server } = await listening(createServer())
  const providers = [provider('a', url.replace('http:', 'https:'), { connect_timeout: 0.1, max_retries: 2 })]
  const proxy = await startProxy({ providers })
  expect((await chat(proxy.url)).status).toBe(504)
  expect(server.connections).toBeLessThanOrEqual(3)
  expect(await timeouts(proxy)).toEqual([3, 0, 0, 0, 0])
})

test.each([true, false])('first byte, streamed: %s', async (stream) => {
  const upstream = await silent()
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { timeout: 0.1 })] })
  const [{ status, text }, took] = await timed(() => chat(proxy.url, { stream }))
  expectAt(took, 100)
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('upstream_first_byte_timeout')
  expect(proxy.requests[0]).toMatchObject({
    ending: 'proxy_timeout',
    error_code: 'upstream_first_byte_timeout',
    faults: [{ provider: 'a', kind: 'timeout', phase: 'first_byte' }],
  })
  await until(() => upstream.requests[0]?.aborted)
  expect(upstream.requests).toHaveLength(1)
  expect(await timeouts(proxy)).toEqual([0, 1, 0, 0, 0])
})

test('idle, inside a stream: an error in the stream, and no invented end', async () => {
  const upstream = await fakeUpstream((_request, response) => void openStream(response).write(chunk('Hel')))
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], idle_timeout: 0.1 })
  const [{ status, text }, took] = await timed(() => chat(proxy.url, { stream: true }))
  expectAt(took, 100)
  expect(status).toBe(200)
  expect(codeAtEnd(text)).toBe('upstream_idle_timeout')
  expect(text).not.toContain('[DONE]')
  expect(text).not.toContain('"finish_reason":"')
  expect(proxy.requests[0]).toMatchObject({
    ending: 'proxy_timeout',
    error_code: 'upstream_idle_timeout',
    tokens: null,
  })
  await until(() => upstream.requests[0]?.aborted)
  expect(await timeouts(proxy)).toEqual([0, 0, 1, 0, 0])
})

test('idle, inside a whole answer', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"id"')
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { idle_timeout: 0.1 })] })
  const [{ status, text }, took] = await timed(() => chat(proxy.url))
  expectAt(took, 100)
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('upstream_idle_timeout')
  expect(await timeouts(proxy)).toEqual([0, 0, 1, 0, 0])
})

test('total of a request: over all its attempts, whoever is asked when it passes', async () => {
  const upstream = await silent()
  const providers = ['a', 'b', 'c', 'd'].map((name, index) =>
    provider(name, upstream.url, { timeout: 0.12, priority: index + 1 }),
  )
  const proxy = await startProxy({ providers, request_timeout: 0.3 })
  const [{ status, text }, took] = await timed(() => chat(proxy.url))
  expectAt(took, 300)
  expect(status).toBe(504)
  expect(codeOf(text)).toBe('request_timeout')
  expect(upstream.requests.length).toBeLessThanOrEqual(3)
  expect(proxy.requests[0]).toMatchObject({ ending: 'proxy_timeout', error_code: 'request_timeout' })
  await until(() => upstream.requests.every(({ aborted }) => aborted))
})

test('total of a request: what is spent in a queue counts', async () => {
  const upstream = await fakeUpstream((_request, response) => void openStream(response).write(chunk('Hel')))
  const busy = { max_connections: 1, queue_timeout: 5 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url, busy)], request_timeout: 0.2 })
  const running = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await running.frames(1)
  const [{ status, text }, took] = await timed(() => chat(proxy.url))
  expectAt(took, 200)
  expect([status, codeOf(text)]).toEqual([504, 'request_timeout'])
  expect(upstream.requests).toHaveLength(1)
  expect(running.ended).toBe(false)
})

const drip: Answer = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  const timer = setInterval(() => response.write(' '), 10)
  response.on('close', () => clearInterval(timer))
}

test('total of a request: a body that drips is no silence, and ends with the request', async () => {
  const upstream = await fakeUpstream(drip)
  const limits = { idle_timeout: 5, request_timeout: 0.15 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], ...limits })
  const [{ status, text }, took] = await timed(() => chat(proxy.url))
  expectAt(took, 150)
  expect([status, codeOf(text)]).toEqual([504, 'request_timeout'])
  await until(() => upstream.requests[0]?.aborted)
  expect(await timeouts(proxy)).toEqual([0, 0, 0, 1, 0])
})

test('total of a stream: an error in the stream', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    const timer = setInterval(() => response.write(chunk('x')), 10)
    response.on('close', () => clearInterval(timer))
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], stream_timeout: 0.15 })
  const [{ text }, took] = await timed(() => chat(proxy.url, { stream: true }))
  expectAt(took, 150)
  expect(codeAtEnd(text)).toBe('stream_timeout')
  expect(text).not.toContain('[DONE]')
  await until(() => upstream.requests[0]?.aborted)
  expect(await timeouts(proxy)).toEqual([0, 0, 0, 0, 1])
})

test('one limit among other faults: 503, and each counts for its provider', async () => {
  const [hanging, refusing] = [await silent(), await refusingUrl()]
  const providers = [
    provider('a', hanging.url, { timeout: 0.1, priority: 1 }),
    provider('b', refusing, { priority: 2, max_retries: 0 }),
  ]
  const proxy = await startProxy({ providers })
  const { status, text } = await chat(proxy.url)
  expect([status, codeOf(text)]).toEqual([503, 'providers_unavailable'])
  expect(await timeouts(proxy)).toEqual([0, 1, 0, 0, 0])
  // The operator, unlike the client, is told what the system said.
  const { faults } = proxy.requests[0] as { faults: Fields[] }
  expect(faults).toMatchObject([
    { provider: 'a', kind: 'timeout', phase: 'first_byte' },
    { provider: 'b', kind: 'network', message: 'the upstream cannot be reached (ECONNREFUSED)' },
  ])
  expect(JSON.stringify(proxy.requests)).not.toMatch(/127\.0\.0\.1/)
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
