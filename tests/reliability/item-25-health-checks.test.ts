import { expect, test } from 'vitest'
import {
  type Answer,
  chat,
  failing,
  fakeUpstream,
  healthy,
  metric,
  pair,
  provider,
  type Proxy,
  refusingUrl,
  send,
  sendJson,
  startProxy,
  until,
} from './support.ts'
import { HealthClock } from './support/health-clock.ts'

const minutes = (count: number) => count * 60
const watching = { health_check_interval: 60 }
/** The first check of a provider comes after half a minute, each further one a minute later. */
const random = () => 0.5

/** A vendor whose list of models and whose chat may fare differently. */
async function vendor(first: { models?: Answer; chat?: Answer } = {}) {
  const now = { models: list, chat: healthy(), ...first }
  const upstream = await fakeUpstream((request, response) =>
    (request.method === 'GET' ? now.models : now.chat)(request, response),
  )
  const count = (method: string) => upstream.requests.filter((each) => each.method === method).length
  return Object.assign(upstream, { now, gets: () => count('GET'), posts: () => count('POST') })
}

const list: Answer = (_request, response) => sendJson(response, 200, { object: 'list', data: [] })

async function getJson(proxy: Proxy, path: string) {
  const { status, text } = await send(proxy.url, path, { method: 'GET' })
  return { status, body: JSON.parse(text) as Record<string, unknown> }
}

async function lineOf(proxy: Proxy, name: string) {
  const { body } = await getJson(proxy, '/providers')
  return (body as { providers: Record<string, unknown>[] }).providers.find((line) => line['name'] === name)!
}

/** Milliseconds of `HealthClock` as the reports write them. */
const written = /^2023-11-14T\d\d:\d\d:\d\dZ$/

test('idle for ten minutes: one free GET in each, not a single POST, and nothing of it in the metrics of users', async () => {
  const clock = new HealthClock()
  const upstream = await vendor()
  const proxy = await startProxy({ ...watching, providers: [provider('a', upstream.url)] }, { clock })
  expect(upstream.requests).toHaveLength(0)
  await clock.pass(minutes(10))
  expect(upstream.posts()).toBe(0)
  expect(upstream.gets()).toBeGreaterThanOrEqual(9)
  expect(upstream.gets()).toBeLessThanOrEqual(12)
  for (const { path, headers, body } of upstream.requests) {
    expect([path, headers['user-agent'], body.length]).toEqual(['/v1/models', 'llmproxy/test', 0])
    expect(headers['authorization']).toBe('Bearer upstream-key-of-a')
  }
  const checks = { provider: 'a', result: 'healthy' }
  expect(await metric(proxy, 'llmproxy_health_checks_total', checks)).toBe(upstream.gets())
  expect(await metric(proxy, 'llmproxy_attempts_total', { provider: 'a' })).toBe(0)
  expect((await getJson(proxy, '/metrics')).body).toMatchObject({ summary: { total_requests: 0 } })
})

test('busy for ten minutes: not a single check, of the provider that serves', async () => {
  const clock = new HealthClock()
  const [busy, spare] = [await vendor(), await vendor()]
  const providers = pair(provider('a', busy.url), provider('b', spare.url))
  const proxy = await startProxy({ ...watching, providers }, { clock, random })
  for (let half = 0; half < 20; half += 1) {
    expect((await chat(proxy.url, { stream: half % 2 === 0 })).status).toBe(200)
    await clock.pass(30)
  }
  expect([busy.gets(), busy.posts(), spare.posts()]).toEqual([0, 20, 0])
  expect(spare.gets()).toBeGreaterThanOrEqual(9)
})

test.each([401, 403])(
  'a key that a check finds refused (%d) is a matter of the configuration; requests go elsewhere until it is accepted',
  async (status) => {
    const clock = new HealthClock()
    const [first, second] = [await vendor({ models: failing(status) }), await vendor()]
    const providers = pair(provider('a', first.url), provider('b', second.url))
    const proxy = await startProxy({ ...watching, providers }, { clock, random })
    expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'healthy', last_check: null, last_error: null })
    await clock.pass(minutes(1))
    const line = await lineOf(proxy, 'a')
    expect(line).toMatchObject({ status: 'unhealthy', reason: 'configuration', last_error: 'configuration' })
    expect([line['last_check'], line['last_error_at']]).toEqual([
      expect.stringMatching(written),
      expect.stringMatching(written),
    ])
    expect(Number.parseFloat(String(line['uptime']))).toBeLessThan(100)
    expect((await chat(proxy.url)).headers['x-llmproxy-provider']).toBe('b')
    expect(await getJson(proxy, '/health')).toMatchObject({
      status: 200,
      body: {
        status: 'degraded',
        providers: { total: 2, healthy: 1, degraded: 0, unhealthy: 1 },
        uptime: '100.00%',
        last_check: expect.stringMatching(written) as string,
      },
    })
    first.now.models = list
    await clock.pass(67)
    expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'healthy', last_error: 'configuration' })
    expect((await chat(proxy.url)).headers['x-llmproxy-provider']).toBe('a')
    expect([first.posts(), second.posts()]).toEqual([1, 1])
  },
)

test('the only provider of all: degraded, then unhealthy and 503, yet it is asked, and what it serves heals it', async () => {
  const clock = new HealthClock()
  const upstream = await vendor({ models: failing(500) })
  const proxy = await startProxy({ ...watching, providers: [provider('a', upstream.url)] }, { clock, random })
  await clock.pass(minutes(1))
  expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'degraded', last_error: 'upstream' })
  expect(await getJson(proxy, '/health')).toMatchObject({ status: 200, body: { status: 'degraded' } })
  await clock.pass(67)
  expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'unhealthy', reason: 'upstream' })
  expect(await getJson(proxy, '/health')).toMatchObject({ status: 503, body: { status: 'unhealthy' } })
  // Whoever sends traffic here has no better place to send it to.
  expect((await send(proxy.url, '/readyz', { method: 'GET' })).status).toBe(200)
  expect((await chat(proxy.url)).status).toBe(200)
  expect(await getJson(proxy, '/health')).toMatchObject({ status: 200, body: { status: 'healthy' } })
})

test('a provider that serves well is not taken down by one bad check', async () => {
  const clock = new HealthClock()
  const [first, second] = [await vendor(), await vendor()]
  const providers = pair(provider('a', first.url), provider('b', second.url))
  const proxy = await startProxy({ ...watching, providers }, { clock, random })
  await chat(proxy.url)
  first.now.models = failing(503)
  await clock.pass(67)
  expect([first.gets(), (await lineOf(proxy, 'a'))['status']]).toEqual([1, 'degraded'])
  expect((await chat(proxy.url)).headers['x-llmproxy-provider']).toBe('a')
  expect((await lineOf(proxy, 'a'))['status']).toBe('healthy')
})

test.each([403, 404])(
  'a vendor that serves, and answers its list of models with %d, is well',
  async (status) => {
    const clock = new HealthClock()
    const upstream = await vendor({ models: failing(status) })
    const proxy = await startProxy(
      { ...watching, providers: [provider('a', upstream.url)] },
      { clock, random },
    )
    await chat(proxy.url)
    await clock.pass(minutes(4))
    expect([upstream.gets() > 1, (await lineOf(proxy, 'a'))['status']]).toEqual([true, 'healthy'])
  },
)

test('a rate limit of a check says nothing bad; nobody who listens is found out in two', async () => {
  const clock = new HealthClock()
  const limited = await vendor({ models: failing(429, { 'retry-after': '600' }) })
  const providers = pair(provider('a', limited.url), provider('b', await refusingUrl()))
  const proxy = await startProxy({ ...watching, providers }, { clock, random })
  await clock.pass(minutes(3))
  expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'healthy', last_error: null })
  expect(await lineOf(proxy, 'b')).toMatchObject({ status: 'unhealthy', reason: 'network' })
  expect((await chat(proxy.url)).headers['x-llmproxy-provider']).toBe('a')
})

test('a check that gets no answer ends at its limit, and its connection with it', async () => {
  const clock = new HealthClock()
  const upstream = await vendor({ models: () => undefined })
  const proxy = await startProxy({ ...watching, providers: [provider('a', upstream.url)] }, { clock, random })
  clock.untilChecking()
  const asked = await upstream.request(0)
  clock.advance(9_999)
  expect(asked.aborted).toBe(false)
  clock.advance(1)
  await until(() => asked.aborted)
  expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'degraded', last_error: 'timeout' })
})

test('reloads: another key is another provider, other connections are used, and with `off` a verdict is forgotten', async () => {
  const clock = new HealthClock()
  const upstream = await vendor({
    models: (request, response) =>
      request.headers['authorization'] === 'Bearer new'
        ? list(request, response)
        : sendJson(response, 401, {}),
  })
  const entry = (more: object) => ({ providers: [provider('a', upstream.url, more)] })
  const proxy = await startProxy({ ...watching, ...entry({ api_key: 'old' }) }, { clock, random })
  await clock.pass(minutes(1))
  expect((await lineOf(proxy, 'a'))['status']).toBe('unhealthy')
  await proxy.gateway.reload({ ...watching, ...entry({ api_key: 'new' }) })
  expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'healthy', last_check: null, uptime: '100.00%' })
  // The first check of a provider comes within one interval.
  await clock.pass(minutes(1))
  expect([upstream.gets(), upstream.requests.at(-1)?.headers['authorization']]).toEqual([2, 'Bearer new'])
  await proxy.gateway.reload({ ...watching, ...entry({ api_key: 'new', keepalive_timeout: 1 }) })
  await clock.pass(67)
  expect(upstream.gets()).toBeGreaterThanOrEqual(3)
  expect(await lineOf(proxy, 'a')).toMatchObject({ status: 'healthy', last_error: null })
  upstream.now.models = failing(401)
  await clock.pass(67)
  expect((await lineOf(proxy, 'a'))['status']).toBe('unhealthy')
  await proxy.gateway.reload({ ...watching, ...entry({ api_key: 'new', health_check: 'off' }) })
  expect((await lineOf(proxy, 'a'))['status']).toBe('healthy')
})

test('a server that was asked to leave checks nobody, and drops what is on its way', async () => {
  const clock = new HealthClock()
  const upstream = await vendor({ models: () => undefined })
  const providers = [provider('a', upstream.url)]
  const proxy = await startProxy({ ...watching, shutdown_delay: 600, providers }, { clock, random })
  clock.untilChecking()
  const asked = await upstream.request(0)
  const closing = proxy.close()
  await until(() => asked.aborted)
  expect(clock.checking).toBe(0)
  await clock.pass(599)
  expect((await chat(proxy.url)).status).toBe(200)
  expect(upstream.gets()).toBe(1)
  clock.advance(1000)
  await closing
})

test('`generate` costs, so it is by choice: the smallest chat request; `off` asks nothing', async () => {
  const clock = new HealthClock()
  const [paid, off] = [await vendor(), await vendor()]
  const providers = pair(
    provider('a', paid.url, { health_check: 'generate' }),
    provider('b', off.url, { health_check: 'off' }),
  )
  const proxy = await startProxy({ ...watching, providers }, { clock, random })
  await clock.pass(minutes(2))
  expect([paid.gets(), off.requests.length]).toEqual([0, 0])
  expect(paid.posts()).toBeGreaterThanOrEqual(1)
  const [request] = paid.requests
  expect(request?.path).toBe('/v1/chat/completions')
  expect(JSON.parse(request!.body.toString())).toMatchObject({ model: 'm', max_tokens: 1 })
  expect((await getJson(proxy, '/metrics')).body).toMatchObject({
    summary: { total_requests: 0, total_tokens: 0 },
  })
})
