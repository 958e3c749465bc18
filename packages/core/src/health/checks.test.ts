import type { Provider } from '@llmproxy/provider-kit'
import { expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse, never, toyGateway } from '../../test/toy-gateway.ts'
import type { GatewayConfigInput } from '../config/schema.ts'

const minute = 60_000

/** Lets what was asked in process be answered. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

interface Told {
  readonly provider: string
  readonly status: string
  readonly reason: string | null
}

/** A gateway on a manual clock whose providers answer by their number, and note what they are asked. */
async function watched(
  answers: readonly ((path: string) => Promise<unknown> | number)[],
  settings: Partial<GatewayConfigInput> = {},
  entries: readonly object[] = [],
  random = () => 0.5,
) {
  const clock = new ManualClock()
  const asked: [provider: number, path: string, at: number][] = []
  const toys = answers.map((answer, index) => ({
    provider: {
      health: { request: () => ({ method: 'GET', path: '/up' }) },
      exchange: async ({ url }) => {
        const path = url.slice(-3)
        asked.push([index, path, clock.now() - 1_000])
        const status = await answer(path)
        return jsonResponse(status === 200 ? chatAnswer('hi') : {}, status as number)
      },
    } satisfies Partial<Provider>,
    entry: { max_retries: 0, ...entries[index] },
  }))
  const { gateway } = await toyGateway(toys, settings, { clock, random })
  onTestFinished(() => gateway.close())
  const told: Told[] = []
  const stop = gateway.watchHealth(({ provider, status, reason }) => told.push({ provider, status, reason }))
  return {
    gateway,
    clock,
    told,
    stop,
    /** Of provider `index`, when. */
    checks: (index = 0) =>
      asked.filter(([who, path]) => who === index && path === '/up').map(([, , at]) => at),
    posts: () => asked.filter(([, path]) => path !== '/up').length,
    pass: async (milliseconds: number) => {
      for (let left = milliseconds; left > 0; left -= 1_000) {
        clock.advance(Math.min(1_000, left))
        await settled()
      }
    },
    chat: async () => {
      const { headers } = await gateway.respond('chat', chatBody())
      await settled()
      return headers['x-llmproxy-provider']
    },
    line: (index = 0) =>
      (gateway.providers() as { providers: Record<string, unknown>[] }).providers.find(
        ({ name }) => name === `toy${index}`,
      )!,
  }
}

const up = () => 200

test('an idle provider is checked once in an interval, a tenth sooner or later, and costs nothing else', async () => {
  const draws = [0.25, 0, 1, 0.5, 0.5]
  const { checks, posts, pass } = await watched([up], {}, [], () => draws.shift() ?? 0.5)
  await pass(4 * minute)
  expect(checks()).toEqual([15_000, 69_000, 135_000, 195_000])
  expect(posts()).toBe(0)
})

test('each provider has a phase of its own', async () => {
  const draws = [0.1, 0.7]
  const { checks, pass } = await watched([up, up], {}, [], () => draws.shift() ?? 0.5)
  await pass(minute)
  expect([checks(0), checks(1)]).toEqual([[6_000], [42_000]])
})

test('a provider that serves is not checked, whether it answers or fails; one that falls silent is', async () => {
  let status = 200
  const { checks, chat, pass } = await watched([() => status], { circuit_breaker_threshold: 99 })
  for (let index = 0; index < 20; index += 1) {
    status = index < 10 ? 200 : 500
    await chat()
    await pass(29_000)
  }
  expect(checks()).toEqual([])
  // The last request was 29 s ago: 60 s of silence, and half of the tenth.
  await pass(minute)
  expect(checks()).toEqual([19 * 29_000 + 63_000])
})

test('mistakes of clients are no sign of life', async () => {
  const { checks, chat, pass } = await watched([(path) => (path === '/up' ? 200 : 400)])
  for (let index = 0; index < 6; index += 1) {
    await chat()
    await pass(20_000)
  }
  expect(checks()).toHaveLength(2)
})

test('one check at a time: a slow one ends at its limit, and degrades; a second one in a row takes it down', async () => {
  const { checks, pass, line, gateway } = await watched([() => never])
  await pass(40_001)
  expect([checks(), line()['status']]).toEqual([[30_000], 'degraded'])
  await pass(70_000)
  expect([checks(), line()['status'], line()['reason']]).toEqual([[30_000, 100_000], 'unhealthy', 'timeout'])
  expect(gateway.prometheus()).toContain('llmproxy_health_checks_total{provider="toy0",result="timeout"} 2')
})

test('a refused key is a matter of the configuration; it is asked last, until a check succeeds', async () => {
  let status = 401
  const { chat, pass, line, told, gateway } = await watched([() => status, up])
  await pass(minute)
  expect(line()).toMatchObject({ status: 'unhealthy', reason: 'configuration', last_error: 'configuration' })
  expect(gateway.health()).toMatchObject({ status: 'degraded', providers: { healthy: 1, unhealthy: 1 } })
  expect(await chat()).toBe('toy1')
  status = 200
  await pass(minute)
  expect(line()).toMatchObject({ status: 'healthy', last_error: 'configuration' })
  expect(line()).not.toHaveProperty('reason')
  expect(await chat()).toBe('toy0')
  expect(told).toEqual([
    { provider: 'toy0', status: 'unhealthy', reason: 'configuration' },
    { provider: 'toy0', status: 'healthy', reason: null },
  ])
})

test('asked last is not never: when the others fail it serves, and that heals it', async () => {
  const { chat, pass, line } = await watched([
    (path) => (path === '/up' ? 401 : 200),
    (path) => (path === '/up' ? 200 : 500),
  ])
  await pass(minute)
  expect(line()['status']).toBe('unhealthy')
  expect(await chat()).toBe('toy0')
  expect(line()['status']).toBe('healthy')
  // Proven wrong by what it serves, the check does not take it down again.
  await pass(3 * minute)
  expect(line()['status']).toBe('healthy')
})

test('a rate limit of a check says nothing bad', async () => {
  const { checks, pass, line, gateway } = await watched([() => 429])
  await pass(3 * minute)
  expect([checks().length, line()['status'], line()['last_error']]).toEqual([3, 'healthy', null])
  expect(gateway.prometheus()).toContain('result="rate_limit"} 3')
})

test('checks are in no metric of users', async () => {
  const { pass, gateway } = await watched([() => 500])
  await pass(3 * minute)
  expect(gateway.metrics().summary).toMatchObject({ total_requests: 0 })
  expect(gateway.prometheus()).toContain('llmproxy_attempts_total{provider="toy0",fault="none"} 0')
  expect(gateway.prometheus()).not.toContain('fault="upstream"')
  expect(gateway.prometheus()).toMatch(/llmproxy_health_checks_total\{[^}]*result="upstream"\} 3/)
})

test('nobody is asked before watching begins, with an interval of 0, with `health_check: off`, after the end', async () => {
  const none = await watched([up], { health_check_interval: 0 })
  await none.pass(5 * minute)
  const off = await watched([up, up], {}, [{ health_check: 'off' }])
  await off.pass(2 * minute)
  const stopped = await watched([up])
  stopped.stop()
  await stopped.pass(2 * minute)
  const closed = await watched([up])
  await closed.gateway.close()
  closed.gateway.watchHealth()
  await closed.pass(2 * minute)
  expect([none, off, stopped, closed].map(({ checks }) => checks().length)).toEqual([0, 0, 0, 0])
  expect(off.checks(1)).toHaveLength(2)
  expect([none, stopped, closed].map(({ clock }) => clock.pending)).toEqual([0, 0, 0])
})

test('what is on its way at the end is dropped: it changes nothing, and no timer is left', async () => {
  const { clock, checks, stop, pass, line } = await watched([() => never])
  await pass(31_000)
  expect(checks()).toHaveLength(1)
  stop()
  await settled()
  expect(clock.pending).toBe(0)
  await pass(5 * minute)
  expect([checks().length, line()['status']]).toEqual([1, 'healthy'])
})

test('reloads are followed: who is gone is left alone, who is new is checked, who is the same keeps its phase', async () => {
  const { gateway, checks, pass, line } = await watched([() => 401, up])
  const reload = (names: readonly number[], settings: object = {}) =>
    gateway.reload({
      ...settings,
      providers: names.map((index) => ({ name: `toy${index}`, type: `toy${index}`, models: ['m'] })),
    })
  await reload([0])
  await pass(45_000)
  expect([checks(0), checks(1), line()['status']]).toEqual([[30_000], [], 'unhealthy'])
  await reload([0, 1])
  await pass(45_000)
  expect([checks(0), checks(1)]).toEqual([[30_000, 90_000], [75_000]])
  await reload([0, 1], { health_check_interval: 10 })
  await pass(6_000)
  expect([checks(0).at(-1), checks(1).at(-1)]).toEqual([95_000, 95_000])
  // With nobody to take the verdict back, it is taken back now.
  await reload([0, 1], { health_check_interval: 0 })
  await pass(minute)
  expect([checks(0).length, line()['status']]).toEqual([3, 'healthy'])
})

test('a provider that gets another key is checked anew: what is on its way with the old one is dropped', async () => {
  const { gateway, clock, checks, pass, line } = await watched([() => never])
  await pass(35_000)
  await gateway.reload({
    providers: [{ name: 'toy0', type: 'toy0', models: ['m'], custom_headers: { 'x-token': 'another' } }],
  })
  await settled()
  expect(clock.pending).toBe(1)
  await pass(31_000)
  expect([checks(), line()['last_check']]).toEqual([[30_000, 65_000], null])
})
