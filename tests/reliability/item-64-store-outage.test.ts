import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { noRedis, type RedisServer, startRedis } from '../../packages/server/test/redis.ts'
import { chat, fakeUpstream, healthy, provider, send } from './support.ts'
import { chatLimit, type Instance, startInstance, storeLines } from './support/instances.ts'

const up = 'info redis answers: rate limits and pauses of providers are shared'
const downOpen = 'warn redis does not answer: this instance counts rate limits for itself, until it does'
const downClosed =
  'warn redis does not answer: requests for a model that a rate limit applies to are refused, until it does'

type Mode = 'fail_open' | 'fail_closed'

/** A busy machine may be late by more than the 50 ms that are the default. */
async function instances(
  redis: RedisServer,
  count: number,
  redis_failure: Mode,
  limit: number,
  redis_timeout = 2,
) {
  const upstream = await fakeUpstream(healthy())
  const config = {
    ...chatLimit(limit),
    rate_limit_rpm: 1_000_000,
    redis_url: redis.url,
    redis_timeout,
    redis_failure,
    providers: [provider('a', upstream.url)],
  }
  return Promise.all(Array.from({ length: count }, () => startInstance(config)))
}

const isUp = async ({ url }: Instance) => {
  const { text } = await send(url, '/metrics', { method: 'GET', headers: { accept: 'text/plain' } })
  return /^llmproxy_store_up 1$/m.test(text)
}
const becomes = (instance: Instance, state: boolean) =>
  expect.poll(() => isUp(instance), { interval: 10, timeout: 5_000 }).toBe(state)

const statuses = async (instance: Instance, count: number) => {
  const replies = await Promise.all(Array.from({ length: count }, () => chat(instance.url)))
  return replies.map(({ status }) => status)
}
const successes = async (instance: Instance, count: number) =>
  (await statuses(instance, count)).filter((status) => status === 200).length

/** Milliseconds of so many requests, one after the other, the shortest first. */
async function times(instance: Instance, count: number): Promise<number[]> {
  const taken: number[] = []
  for (let n = 0; n < count; n += 1) {
    const from = performance.now()
    expect((await chat(instance.url)).status).toBe(200)
    taken.push(performance.now() - from)
  }
  return taken.toSorted((a, b) => a - b)
}

describe.skipIf(noRedis)('when the store', () => {
  test('dies, each instance goes on counting from what it knew; when it is back, they share again', async () => {
    const redis = await startRedis()
    const [one, other] = (await instances(redis, 2, 'fail_open', 10)) as [Instance, Instance]
    for (const instance of [one, other, one, other]) expect(await statuses(instance, 1)).toEqual([200])
    await redis.kill()
    await Promise.all([becomes(one, false), becomes(other, false)])
    // Three and four requests were counted when each of them asked last.
    expect(await Promise.all([successes(one, 12), successes(other, 12)])).toEqual([7, 6])
    expect((await send(one.url, '/readyz', { method: 'GET' })).status).toBe(200)
    expect((await send(one.url, '/health', { method: 'GET' })).status).toBe(200)
    await redis.start()
    await Promise.all([becomes(one, true), becomes(other, true)])
    expect((await successes(one, 8)) + (await successes(other, 8))).toBe(10)
    for (const instance of [one, other]) expect(storeLines(instance)).toEqual([up, downOpen, up])
  })

  test('dies, and the configuration says so, requests with limits are 503 at once; what tells of the gateway is not', async () => {
    const redis = await startRedis()
    const [one] = (await instances(redis, 1, 'fail_closed', 10)) as [Instance]
    expect(await statuses(one, 1)).toEqual([200])
    await redis.kill()
    await becomes(one, false)
    const refused = await chat(one.url)
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '1'])
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'rate_limit_unavailable' } })
    for (const path of ['/readyz', '/livez', '/health', '/v1/models']) {
      expect([path, (await send(one.url, path, { method: 'GET' })).status]).toEqual([path, 200])
    }
    await redis.start()
    await becomes(one, true)
    expect(await statuses(one, 1)).toEqual([200])
    expect(storeLines(one)).toEqual([up, downClosed, up])
  })

  // Times are compared on a machine that does other things as well.
  test(
    'hangs under load, a few requests wait 50 ms, the others nothing; it recovers without a restart',
    { retry: 2 },
    async () => {
      const redis = await startRedis()
      const [one] = (await instances(redis, 1, 'fail_open', 1_000_000, 0.05)) as [Instance]
      await becomes(one, true)
      const before = await times(one, 100)
      redis.freeze()
      const during = await times(one, 100)
      redis.thaw()
      const added = (share: number) => during[Math.floor(share * 100)]! - before[Math.floor(share * 100)]!
      expect(added(0.99)).toBeLessThan(60)
      expect(added(0.5)).toBeLessThan(10)
      expect(during.filter((time) => time > 45).length).toBeGreaterThan(0)
      await becomes(one, true)
      const { text } = await send(one.url, '/metrics', { method: 'GET', headers: { accept: 'text/plain' } })
      expect(
        Number(/^llmproxy_store_failures_total\{how="timeout"\} (\d+)$/m.exec(text)?.[1]),
      ).toBeGreaterThan(2)
      expect(storeLines(one)).toEqual([up, downOpen, up])
    },
  )

  test('dies and comes back again and again under load, every request is answered in time', async () => {
    const redis = await startRedis()
    const two = await instances(redis, 2, 'fail_open', 1_000_000)
    const load = new AbortController()
    const loads = two.map(async (instance) => {
      let [count, longest] = [0, 0]
      while (!load.signal.aborted) {
        const from = performance.now()
        expect(await statuses(instance, 5)).toEqual([200, 200, 200, 200, 200])
        longest = Math.max(longest, performance.now() - from)
        count += 5
      }
      return { count, longest }
    })
    for (let round = 0; round < 3; round += 1) {
      await sleep(100)
      await redis.kill()
      await sleep(100)
      await redis.start()
    }
    load.abort()
    for (const { count, longest } of await Promise.all(loads)) {
      expect(count).toBeGreaterThan(20)
      expect(longest).toBeLessThan(2_000)
    }
  })

  test('is not there at the start, the start does not wait for it', async () => {
    const redis = await startRedis()
    await redis.kill()
    const from = performance.now()
    const [one] = (await instances(redis, 1, 'fail_open', 2)) as [Instance]
    expect(performance.now() - from).toBeLessThan(1_500)
    expect(await statuses(one, 3)).toEqual(expect.arrayContaining([200, 200, 429]))
    expect(storeLines(one)).toEqual([downOpen])
    await redis.start()
    await becomes(one, true)
  })

  test('refuses the login, the log says why and never shows the password', async () => {
    const redis = await startRedis(['--requirepass', 'the-right-one'])
    const url = redis.url.replace('://', '://:canary-password@')
    const upstream = await fakeUpstream(healthy())
    const config = { ...chatLimit(2), redis_url: url, providers: [provider('a', upstream.url)] }
    const one = await startInstance(config)
    await expect.poll(() => storeLines(one), { interval: 5 }).toEqual([downOpen])
    expect(one.log.find(({ level }) => level === 'warn')!.fields).toMatchObject({
      reason: expect.stringContaining('WRONGPASS') as string,
    })
    const told = await Promise.all(
      ['/providers', '/health', '/metrics'].map((path) => send(one.url, path, { method: 'GET' })),
    )
    const everything = JSON.stringify([one.log, told.map(({ text }) => text), await chat(one.url)])
    expect(everything).not.toContain('canary-password')
    expect(one.gateway.scrub(`redis said ${url} and canary-password`)).toBe(
      'redis said [redacted] and [redacted]',
    )
  })
})
