import type { GatewayConfigInput } from '@llmproxy/core'
import { describe, expect, test } from 'vitest'
import { noRedis, type RedisServer, startRedis } from '../../packages/server/test/redis.ts'
import { type Instance, startInstance } from '../reliability/support/instances.ts'
import { chat, type Reply } from '../reliability/support.ts'
import { condensingConfig, conversation, says, type Scripted, scripted } from './support/scripted.ts'

const messages = conversation()
const long = 'word '.repeat(1_200)
const turn = (text: string) => [
  { role: 'assistant', content: `${text}: ${long}` },
  { role: 'user', content: `And ${text}?` },
]

const keyOf = (name: string) => `key-of-client-${name}-123`
const api_keys = ['one', 'two'].map((name) => ({ name, key: keyOf(name) }))

interface Shared {
  readonly redis: RedisServer
  readonly upstream: Scripted
  readonly config: GatewayConfigInput
  readonly instances: readonly [Instance, Instance]
}

type CondensationInput = NonNullable<GatewayConfigInput['condensation']>

/** Two instances over one Redis, and the upstream of both. Each summary says which one it is. */
async function twoInstances(
  condensation: CondensationInput = {},
  more: GatewayConfigInput = {},
): Promise<Shared> {
  const redis = await startRedis()
  let made = 0
  const upstream = await scripted({
    summary: (request, response) => says(`summary number ${(made += 1)}`)(request, response),
  })
  const config = condensingConfig(
    [upstream],
    { cache_shared: true, ...condensation },
    {
      api_keys,
      redis_url: redis.url,
      redis_timeout: 2,
      ...more,
    },
  )
  return { redis, upstream, config, instances: [await startInstance(config), await startInstance(config)] }
}

const ask = ({ url }: Instance, asked: readonly object[] = messages, caller = 'one') =>
  chat(url, { messages: asked }, { 'x-api-key': keyOf(caller) })

function sourceOf({ text }: Reply): string | undefined {
  const { _proxy_info } = JSON.parse(text) as { _proxy_info: { condensed?: { source?: string } } }
  return _proxy_info.condensed?.source
}

const keys = async ({ redis }: Shared, pattern = '*cache:*') =>
  (await redis.send(`KEYS ${pattern}`)).split('\r\n').filter((line) => /^\w/.test(line))

/** Nobody waits until a summary is in Redis. */
const kept = (shared: Shared, count: number) =>
  expect.poll(() => keys(shared), { interval: 5 }).toHaveLength(count)

describe.skipIf(noRedis)('instances that share a Redis', () => {
  test('find the summaries of each other, for the same caller only, and go on from the longest', async () => {
    const shared = await twoInstances()
    const { upstream, config, instances } = shared
    const [first, second] = instances
    expect(sourceOf(await ask(first))).toBe('made')
    await kept(shared, 1)
    expect(sourceOf(await ask(second))).toBe('cache')
    expect(upstream.summaries).toHaveLength(1)
    // What the model is sent is the same, to the byte, whoever sends it.
    expect(upstream.asked[3]!.body.equals(upstream.asked[1]!.body)).toBe(true)

    expect(sourceOf(await ask(second, messages, 'two'))).toBe('made')
    await kept(shared, 2)
    expect(sourceOf(await ask(first, messages, 'two'))).toBe('cache')
    expect(upstream.summaries).toHaveLength(2)

    // The first has a summary of its own, of a shorter beginning: the longer one of the second is better.
    const next = [...messages, ...turn('then')]
    expect(sourceOf(await ask(second, next))).toBe('made')
    await kept(shared, 3)
    expect(sourceOf(await ask(first, next))).toBe('cache')
    const later = [...next, ...turn('at last')]
    expect(sourceOf(await ask(first, later))).toBe('made')
    const [, , third, fourth] = upstream.summaries.map(({ body }) => body.toString())
    expect(third).toContain('summary number 1')
    expect(fourth).toContain('summary number 3')
    expect(fourth).toContain('at last: word')
    expect(fourth).not.toContain('then: word')

    // One that starts later knows them, too.
    const late = await startInstance(config)
    expect(sourceOf(await ask(late))).toBe('cache')
    expect(upstream.summaries).toHaveLength(4)
  })

  test('keep them for their time, under names that say nothing', async () => {
    const shared = await twoInstances({ cache_ttl: 1 }, { redis_prefix: 'other:' })
    const { redis, upstream, instances } = shared
    const [first, second] = instances
    await ask(first)
    await kept(shared, 1)
    const [name] = await keys(shared)
    expect(name).toMatch(/^other:cache:[0-9a-f]{64}$/)
    expect(await redis.send(`GET ${name}`)).toContain('{"text":"summary number 1","leftOut":{}}')
    expect(Number((await redis.send(`PTTL ${name}`)).slice(1))).toBeLessThanOrEqual(1_000)
    expect(sourceOf(await ask(second))).toBe('cache')
    await kept(shared, 0)
    // Having been found does not make it live longer.
    expect(sourceOf(await ask(second))).toBe('made')
    expect(upstream.summaries).toHaveLength(2)
  })

  test('take nothing from there that is no summary', async () => {
    const shared = await twoInstances()
    const { redis, upstream, instances } = shared
    await ask(instances[0])
    await kept(shared, 1)
    const [name] = await keys(shared)
    for (const [count, value] of ['nonsense', '{"text":7}', '{"text":""}', '[]'].entries()) {
      await redis.send(`SET ${name} '${value}'`)
      const reply = await ask(await startInstance(shared.config))
      expect([reply.status, sourceOf(reply), upstream.summaries.length]).toEqual([200, 'made', count + 2])
    }
  })

  test('keep and find nothing there without cache_shared, which a reload turns on and off', async () => {
    const shared = await twoInstances()
    const { upstream, config, instances } = shared
    const quiet = { ...config, condensation: { cache_shared: false } }
    const [first, second] = instances
    await second.gateway.reload(quiet)
    expect(sourceOf(await ask(first))).toBe('made')
    await kept(shared, 1)
    expect(sourceOf(await ask(second))).toBe('made')
    const other = conversation('ropes')
    expect(sourceOf(await ask(second, other))).toBe('made')
    expect(sourceOf(await ask(first, other))).toBe('made')
    await kept(shared, 2)
    const third = conversation('sails')
    await ask(first, third)
    await kept(shared, 3)
    await second.gateway.reload(config)
    expect(sourceOf(await ask(second, third))).toBe('cache')
    expect(upstream.summaries).toHaveLength(5)
  })

  test('go on without the store: it costs its time limit, then nothing, and each has its own summaries', async () => {
    const shared = await twoInstances({}, { redis_timeout: 0.15 })
    const { redis, upstream, instances } = shared
    const [first, second] = instances
    await ask(first)
    await kept(shared, 1)
    redis.freeze()
    const frozenAt = performance.now()
    expect(sourceOf(await ask(second))).toBe('made')
    expect(performance.now() - frozenAt).toBeGreaterThan(148)
    expect(sourceOf(await ask(second))).toBe('cache')
    expect(sourceOf(await ask(first))).toBe('cache')
    const answered: string[] = []
    for (let index = 0; index < 3; index += 1) {
      const startedAt = performance.now()
      const reply = await ask(second, conversation(`topic ${index}`))
      answered.push(`${reply.status} ${sourceOf(reply)}`)
      expect(performance.now() - startedAt).toBeLessThan(2_000)
    }
    expect(answered).toEqual(['200 made', '200 made', '200 made'])
    expect(upstream.summaries).toHaveLength(5)
  })
})
