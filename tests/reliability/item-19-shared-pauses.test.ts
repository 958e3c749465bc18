import { describe, expect, test } from 'vitest'
import { noRedis, startRedis } from '../../packages/server/test/redis.ts'
import { chat, failing, fakeUpstream, healthy, pair, provider } from './support.ts'
import { type Instance, startInstance } from './support/instances.ts'

/** Three gateways that share a store, and two providers of which the first one misbehaves. */
async function shared(first: ReturnType<typeof failing>) {
  const redis = await startRedis()
  const [bad, good] = [await fakeUpstream(first), await fakeUpstream(healthy('from the second'))]
  const once = { max_retries: 0, circuit_breaker_threshold: 2, circuit_breaker_timeout: 30 }
  const config = {
    redis_url: redis.url,
    redis_timeout: 2,
    providers: pair(provider('a', bad.url, once), provider('b', good.url, once)),
  }
  const three = (await Promise.all([1, 2, 3].map(() => startInstance(config)))) as [
    Instance,
    Instance,
    Instance,
  ]
  return { redis, bad, config, three }
}

const breakerOf = ({ gateway }: Instance) => {
  const { providers } = gateway.providers() as { providers: { name: string; breakers?: object }[] }
  return JSON.stringify(providers.find(({ name }) => name === 'a')?.breakers)
}

describe.skipIf(noRedis)('pauses of providers that several instances share', () => {
  test('a breaker that one instance opens keeps the others, and one that starts later, from asking', async () => {
    const { redis, bad, config, three } = await shared(failing(500))
    const [one, ...others] = three
    await expect.poll(() => redis.send('PUBSUB NUMSUB llmproxy:pauses'), { interval: 5 }).toContain(':3')
    for (let n = 0; n < 2; n += 1) expect((await chat(one.url)).status).toBe(200)
    expect(bad.requests).toHaveLength(2)
    const from = performance.now()
    for (const other of others) {
      await expect.poll(() => breakerOf(other), { interval: 2 }).toContain('open')
    }
    expect(performance.now() - from).toBeLessThan(1_000)
    const later = await startInstance(config)
    await expect.poll(() => breakerOf(later), { interval: 2 }).toContain('open')
    for (const instance of [...three, later]) {
      const reply = await chat(instance.url)
      expect([reply.status, reply.headers['x-llmproxy-attempts']]).toEqual([200, '1'])
    }
    expect(bad.requests).toHaveLength(2)
  })

  test('so does a rate limit, for as long as the vendor asked', async () => {
    const { redis, bad, config, three } = await shared(failing(429, { 'retry-after': '40' }))
    const [one, other] = three
    await expect.poll(() => redis.send('PUBSUB NUMSUB llmproxy:pauses'), { interval: 5 }).toContain(':3')
    await chat(one.url)
    expect(bad.requests).toHaveLength(1)
    await expect.poll(() => redis.send('ZCARD llmproxy:pauses'), { interval: 2 }).toBe(':1')
    const later = await startInstance({ ...config, providers: config.providers.slice(0, 1) })
    const paused = await chat(later.url)
    expect(paused.status).toBe(429)
    expect(Number(paused.headers['retry-after'])).toBeGreaterThan(30)
    expect((await chat(other.url)).headers['x-llmproxy-attempts']).toBe('1')
    expect(bad.requests).toHaveLength(1)
  })

  test('with another prefix they are none of its business', async () => {
    const { redis, bad, config, three } = await shared(failing(500))
    for (let n = 0; n < 2; n += 1) await chat(three[0].url)
    await expect.poll(() => redis.send('ZCARD llmproxy:pauses'), { interval: 2 }).toBe(':1')
    const stranger = await startInstance({ ...config, redis_prefix: 'another:' })
    expect((await chat(stranger.url)).headers['x-llmproxy-attempts']).toBe('2')
    expect(bad.requests).toHaveLength(3)
  })
})
