import { expect, test } from 'vitest'
import { ManualClock } from '../../packages/core/test/manual-clock.ts'
import {
  type Answer,
  bodies,
  chat,
  chunk,
  failing,
  healthy,
  metric,
  openStream,
  paths,
  type Proxy,
  start,
  startProxy,
  streamEnd,
  until,
} from './support.ts'
import {
  callsOf,
  environment,
  keyedProvider,
  keyedUpstream,
  keyValue,
  variableOf,
} from './support/keyed-upstream.ts'

const names = ['FIRST', 'SECOND', 'THIRD']
const minutes = 60_000

/** A vendor that answers by the key and can change its mind, and a gateway with those keys and a clock that stands still. */
async function vendor(answers: Record<string, Answer>, more: object = {}) {
  const keys = Object.keys(answers)
  const upstream = await keyedUpstream(answers)
  const clock = new ManualClock()
  const providers = [keyedProvider('vendor', upstream.url, keys, { models: ['m', 'n'], timeout: 0, ...more })]
  const env = environment(keys)
  const config = { providers, health_check_interval: 0, request_timeout: 0 }
  const proxy = await startProxy(config, { clock, env })
  const statuses = async (count: number) =>
    (await Promise.all(Array.from({ length: count }, () => chat(proxy.url)))).map(({ status }) => status)
  return {
    answers,
    upstream,
    clock,
    proxy,
    env,
    providers,
    statuses,
    calls: () => callsOf(upstream.requests, keys),
  }
}

async function keysOf(proxy: Proxy) {
  const report = (await (await fetch(`${proxy.url}/providers`)).json()) as {
    providers: { keys?: { name: string; state: string; for_seconds?: number }[] }[]
  }
  return report.providers[0]!.keys?.map(({ name, state, for_seconds: seconds }) =>
    [name, state, ...(seconds === undefined ? [] : [seconds])].join(' '),
  )
}

/** Answers only when so many requests are there. */
function together(count: number, answer: Answer): Answer {
  const held: (() => void)[] = []
  return (request, response) => {
    held.push(() => answer(request, response))
    if (held.length >= count) for (const each of held.splice(0)) each()
  }
}

test.each([401, 429])(
  '50 requests that all meet %i with one key turn to the next one, and skip none',
  async (status) => {
    const { calls, statuses } = await vendor({
      FIRST: together(50, failing(status)),
      SECOND: together(50, healthy()),
      THIRD: healthy(),
    })
    expect(new Set(await statuses(50))).toEqual(new Set([200]))
    expect(calls()).toEqual([50, 50, 0])
  },
)

test('reports tell the state of each key, and nothing of its value', async () => {
  const { proxy, clock, statuses } = await vendor({
    FIRST: failing(401),
    SECOND: failing(429),
    THIRD: healthy(),
  })
  expect(await keysOf(proxy)).toEqual(['FIRST active', 'SECOND ready', 'THIRD ready'])
  await statuses(1)
  clock.advance(2_000)
  expect(await keysOf(proxy)).toEqual(['FIRST retired 598', 'SECOND resting 3', 'THIRD active'])
  const states = names.map((key) => metric(proxy, 'llmproxy_key_state', { provider: 'vendor', key }))
  expect(await Promise.all(states)).toEqual([2, 1, 0])
  const faults = [
    { key_env: 'FIRST', kind: 'authentication' },
    { key_env: 'SECOND', kind: 'rate_limit' },
  ]
  expect(proxy.requests).toMatchObject([{ status: 200, attempts: 3, key_env: 'THIRD', faults }])
  expect(JSON.stringify([proxy.requests, proxy.gateway.providers()])).not.toContain('canary')
})

test('a provider with one key has no keys to report', async () => {
  const { proxy, statuses } = await vendor({ FIRST: failing(401) })
  await statuses(1)
  expect(await keysOf(proxy)).toBeUndefined()
  expect(proxy.requests[0]).not.toHaveProperty('key_env')
  expect(await metric(proxy, 'llmproxy_key_state', { provider: 'vendor' })).toBe(0)
  expect(proxy.gateway.prometheus()).not.toContain('llmproxy_key_state')
})

test('a success that began before the key was refused does not bring it back', async () => {
  let finish = () => undefined as void
  const { answers, proxy, calls, statuses } = await vendor({
    FIRST: (_request, response) => {
      openStream(response).write(chunk('Hello'))
      finish = () => void response.end(streamEnd)
    },
    SECOND: healthy(),
  })
  const stream = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await stream.frames(1)
  answers['FIRST'] = failing(401)
  await statuses(1)
  finish()
  await until(() => stream.ended)
  expect(stream.text).toContain('[DONE]')
  answers['FIRST'] = healthy()
  await statuses(1)
  expect(calls()).toEqual([2, 2])
})

test('a refusal that comes after the key was accepted again is stale', async () => {
  let refuse = () => undefined as void
  const { answers, proxy, clock, calls, statuses } = await vendor({ FIRST: healthy(), SECOND: failing(401) })
  answers['FIRST'] = (request, response) => {
    refuse = () => failing(401)(request, response)
  }
  const slow = chat(proxy.url)
  await until(() => calls()[0] === 1)
  answers['FIRST'] = failing(401)
  expect(await statuses(1)).toEqual([502])
  answers['FIRST'] = healthy()
  clock.advance(10 * minutes)
  expect(await statuses(1)).toEqual([200])
  refuse()
  expect((await slow).status).toBe(502)
  expect((await keysOf(proxy))?.[0]).toBe('FIRST active')
})

test('after ten minutes one request tries each retired key; the others are refused until one is accepted', async () => {
  const { answers, proxy, clock, calls, statuses } = await vendor({
    FIRST: failing(401),
    SECOND: failing(402),
  })
  expect(await statuses(2)).toEqual([502, 502])
  clock.advance(10 * minutes - 1)
  expect((await chat(proxy.url)).headers['retry-after']).toBe('1')
  const before = calls()
  let accept = () => undefined as void
  answers['FIRST'] = (request, response) => {
    accept = () => healthy()(request, response)
  }
  clock.advance(1)
  const tried = chat(proxy.url)
  await until(() => calls()[0] === before[0]! + 1)
  const others = await Promise.all([chat(proxy.url), chat(proxy.url), chat(proxy.url)])
  expect(others.map(({ status, headers }) => [status, headers['retry-after']])).toEqual(
    Array.from({ length: 3 }, () => [502, '5']),
  )
  expect(calls()).toEqual([before[0]! + 1, before[1]! + 1])
  accept()
  expect((await tried).status).toBe(200)
  answers['FIRST'] = healthy()
  expect(await statuses(5)).toEqual([200, 200, 200, 200, 200])
})

test('a stream that tries a key proves it with its first event', async () => {
  const { answers, proxy, clock, statuses } = await vendor({ FIRST: failing(401), SECOND: failing(401) })
  await statuses(1)
  clock.advance(10 * minutes)
  answers['FIRST'] = (request, response) => {
    if (!request.body.includes('"stream":true')) return healthy()(request, response)
    openStream(response).write(chunk('Hello'))
  }
  const stream = start(proxy.url, paths.chat, { ...bodies.chat, stream: true })
  await stream.frames(1)
  expect(await statuses(3)).toEqual([200, 200, 200])
  stream.leave()
})

test('a trial that shows nothing of the key is followed by the next one five seconds later', async () => {
  const { answers, clock, calls, statuses } = await vendor(
    { FIRST: failing(401), SECOND: failing(401) },
    { max_retries: 0 },
  )
  await statuses(1)
  clock.advance(10 * minutes)
  // One that is current is tried first.
  answers['FIRST'] = failing(500)
  answers['SECOND'] = failing(500)
  expect(await statuses(1)).toEqual([502])
  clock.advance(4_999)
  expect(await statuses(2)).toEqual([502, 502])
  expect(calls()).toEqual([2, 2])
  answers['SECOND'] = healthy()
  clock.advance(1)
  expect(await statuses(1)).toEqual([200])
  expect(await statuses(2)).toEqual([200, 200])
  expect(calls()).toEqual([2, 5])
})

test('nobody tries a retired key while another one is accepted', async () => {
  const { answers, clock, calls, statuses } = await vendor({ FIRST: failing(401), SECOND: healthy() })
  await statuses(1)
  clock.advance(60 * minutes)
  expect(await statuses(3)).toEqual([200, 200, 200])
  expect(calls()).toEqual([1, 4])
  answers['FIRST'] = healthy()
  answers['SECOND'] = failing(429)
  expect(await statuses(1)).toEqual([200])
  expect(calls()).toEqual([2, 5])
})

test('a rate limit is that of a key and a model, a refusal that of the key', async () => {
  const limitedModel: Answer = (request, response) =>
    (request.body.includes('"m"') ? failing(429) : healthy())(request, response)
  const { answers, proxy, upstream } = await vendor({ FIRST: limitedModel, SECOND: healthy() })
  const keysFor = async (model: string) => {
    const before = upstream.requests.length
    expect((await chat(proxy.url, { model })).status).toBe(200)
    return upstream.requests.slice(before).map(variableOf)
  }
  expect(await keysFor('m')).toEqual(['FIRST', 'SECOND'])
  expect(await keysFor('n')).toEqual(['FIRST'])
  expect(await keysFor('m')).toEqual(['SECOND'])
  answers['FIRST'] = failing(401)
  expect(await keysFor('n')).toEqual(['FIRST', 'SECOND'])
  answers['FIRST'] = healthy()
  answers['SECOND'] = failing(429)
  expect((await chat(proxy.url, { model: 'm' })).status).toBe(429)
})

test('a client that asks for a model which the keys may not use takes no key from the others', async () => {
  const forbidden: Answer = (request, response) =>
    (request.body.includes('"m"') ? failing(403) : healthy())(request, response)
  const { proxy, clock, calls } = await vendor({ FIRST: forbidden, SECOND: forbidden })
  const statusOf = async (model: string) => (await chat(proxy.url, { model })).status
  expect([await statusOf('m'), await statusOf('n')]).toEqual([502, 200])
  expect(proxy.requests[0]).toMatchObject({ error_code: 'upstream_credentials_exhausted' })
  expect([await statusOf('m'), await statusOf('n'), await statusOf('n')]).toEqual([502, 200, 200])
  expect(calls()).toEqual([4, 1])
  expect(await keysOf(proxy)).toEqual(['FIRST active', 'SECOND resting 600'])
  expect(proxy.gateway.health()).toMatchObject({ status: 'degraded' })
  clock.advance(10 * minutes)
  await statusOf('m')
  expect(calls()).toEqual([5, 2])
})

test('refusals and limits of keys open no breaker', async () => {
  const { proxy, statuses } = await vendor(
    { FIRST: failing(401), SECOND: failing(429), THIRD: healthy() },
    { circuit_breaker_threshold: 1 },
  )
  expect(await statuses(3)).toEqual([200, 200, 200])
  expect(await metric(proxy, 'llmproxy_breaker_state', { provider: 'vendor' })).toBe(0)
  expect(proxy.gateway.health()).toMatchObject({ status: 'healthy' })
})

test('a provider without a key that is accepted is unhealthy', async () => {
  const { proxy, statuses } = await vendor({ FIRST: failing(401), SECOND: failing(402) })
  await statuses(1)
  expect(proxy.gateway.health()).toMatchObject({ status: 'unhealthy', providers: { unhealthy: 1 } })
  expect(proxy.gateway.providers()).toMatchObject({
    providers: [{ status: 'unhealthy', reason: 'configuration' }],
  })
})

test('who waits for a slot is served with the key of then', async () => {
  const { answers, proxy, calls } = await vendor(
    { FIRST: healthy(), SECOND: healthy() },
    { max_connections: 1 },
  )
  let refuse = () => undefined as void
  answers['FIRST'] = (request, response) => {
    refuse = () => failing(429)(request, response)
  }
  const running = chat(proxy.url)
  await until(() => calls()[0] === 1)
  const waiting = [chat(proxy.url), chat(proxy.url)]
  await until(() => JSON.stringify(proxy.gateway.providers()).includes('"queued":2'))
  refuse()
  const replies = await Promise.all([running, ...waiting])
  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(calls()).toEqual([1, 3])
})

test('where no key can be used, nobody waits for a slot', async () => {
  const { answers, proxy, clock, calls, statuses } = await vendor(
    { FIRST: failing(401), SECOND: failing(401) },
    { max_connections: 2 },
  )
  expect(await statuses(1)).toEqual([502])
  clock.advance(10 * minutes)
  answers['FIRST'] = () => undefined
  answers['SECOND'] = () => undefined
  const trials = [0, 1].map(() => start(proxy.url, paths.chat, bodies.chat))
  await until(() => calls().join() === '2,2')
  expect(await statuses(3)).toEqual([502, 502, 502])
  for (const trial of trials) trial.leave()
})

test('a provider whose keys cannot be used is asked last, or not at all', async () => {
  const upstream = await keyedUpstream({ FIRST: failing(401), SECOND: failing(429), OTHER: healthy() })
  const providers = [
    keyedProvider('first', upstream.url, ['FIRST', 'SECOND'], { priority: 1 }),
    keyedProvider('second', upstream.url, ['OTHER'], { priority: 2 }),
  ]
  const proxy = await startProxy({ providers }, { env: environment(['FIRST', 'SECOND', 'OTHER']) })
  expect([(await chat(proxy.url)).status, (await chat(proxy.url)).status]).toEqual([200, 200])
  expect(upstream.requests.map(variableOf)).toEqual(['FIRST', 'SECOND', 'OTHER', 'OTHER'])
  expect(proxy.requests.map(({ attempts, skipped }) => [attempts, skipped])).toEqual([
    [3, undefined],
    [1, undefined],
  ])
})

test('the states of keys outlive a reload, by their values', async () => {
  const { proxy, upstream, env, statuses } = await vendor({
    FIRST: failing(401),
    SECOND: failing(429),
    THIRD: healthy(),
    NEW: healthy(),
  })
  await statuses(1)
  const variables = ['NEW', 'RENAMED', 'SECOND', 'THIRD']
  const providers = [keyedProvider('vendor', upstream.url, variables, { models: ['m', 'n'] })]
  const config = { ...proxy.gateway.config, providers } as unknown as Parameters<
    typeof proxy.gateway.reload
  >[0]
  await proxy.gateway.reload(config, { ...env, RENAMED: keyValue('FIRST') })
  expect(await keysOf(proxy)).toEqual([
    'NEW ready',
    'RENAMED retired 600',
    'SECOND resting 5',
    'THIRD active',
  ])
  expect(await statuses(1)).toEqual([200])
  expect(upstream.requests.slice(3).map(variableOf)).toEqual(['THIRD'])
  await proxy.gateway.reload(config, { ...env, RENAMED: keyValue('another') })
  expect(await keysOf(proxy)).toEqual(['NEW ready', 'RENAMED ready', 'SECOND resting 5', 'THIRD active'])
})
