import { hash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { readRedisUrl, type RedisTarget, systemClock } from '@llmproxy/core'
import { expect, onTestFinished, test } from 'vitest'
import { noRedis, startRedis } from '../../test/redis.ts'
import { StoreGuard } from './guard.ts'
import { longestValue, mostKeys, sharedCache } from './shared-cache.ts'

async function openCache(timeoutMs = 1_000) {
  const redis = await startRedis()
  const target = readRedisUrl(redis.url) as RedisTarget
  const guard = new StoreGuard({ target, timeoutMs, probeKey: 'test:probe', clock: systemClock })
  onTestFinished(() => guard.close())
  const cache = sharedCache(guard, 'test:')
  const open = () => {
    guard.open()
    return expect.poll(() => guard.up, { interval: 5 }).toBe(true)
  }
  const valueOf = async (caller: string, key: string) => (await cache.find(caller, [key]))?.value
  return { redis, guard, cache, open, valueOf }
}

test.skipIf(noRedis)('texts are kept for their caller alone, for their time, up to a size', async () => {
  const { redis, guard, cache, open, valueOf } = await openCache()
  cache.set('a', 'early', 'not connected yet', 60_000)
  await open()
  expect(await valueOf('a', 'early')).toBeUndefined()

  cache.set('a', 'key', 'text with ümlauts and\0all', 60_000)
  expect(await valueOf('a', 'key')).toBe('text with ümlauts and\0all')
  expect(await valueOf('b', 'key')).toBeUndefined()
  cache.set('ab', 'c', 'of ab', 60_000)
  expect(await valueOf('a', 'bc')).toBeUndefined()

  cache.set('a', 'brief', 'soon gone', 20)
  expect(await valueOf('a', 'brief')).toBe('soon gone')
  await expect.poll(() => valueOf('a', 'brief'), { interval: 5 }).toBeUndefined()

  cache.set('a', 'large', 'x'.repeat(longestValue), 60_000)
  cache.set('a', 'too large', 'x'.repeat(longestValue + 1), 60_000)
  const failures: string[] = []
  guard.onFailure = (how) => void failures.push(how)
  cache.set('a', 'for no time', 'x', 0)
  expect(await valueOf('a', 'large')).toHaveLength(longestValue)
  expect(await valueOf('a', 'too large')).toBeUndefined()
  expect(await valueOf('a', 'for no time')).toBeUndefined()
  expect(failures).toEqual([])

  await redis.kill()
  expect(await valueOf('a', 'key')).toBeUndefined()
  cache.set('a', 'key', 'text', 60_000)
})

test.skipIf(noRedis)('of several keys the first that is there is found, in one question', async () => {
  const { redis, guard, cache, open } = await openCache()
  await open()
  cache.set('a', 'second', 'of the second', 60_000)
  cache.set('a', 'third', 'of the third', 60_000)
  cache.set('b', 'first', 'of somebody else', 60_000)
  const asked: unknown[] = []
  const counted = sharedCache({ ask: (send) => (asked.push(send), guard.ask(send)) }, 'test:')
  const found = { key: 'second', value: 'of the second' }
  expect(await counted.find('a', ['first', 'second', 'third'])).toEqual(found)
  expect(await counted.find('a', ['none', 'at all'])).toBeUndefined()
  expect(asked).toHaveLength(2)
  expect(await counted.find('a', [])).toBeUndefined()
  expect(asked).toHaveLength(2)

  const others = (count: number) => Array.from({ length: count }, (_, index) => `other ${index}`)
  expect(await counted.find('a', [...others(mostKeys - 1), 'second'])).toEqual(found)
  expect(await counted.find('a', [...others(mostKeys), 'second'])).toBeUndefined()

  // What somebody has put there that is no text does not hide what is behind it.
  const name = `test:cache:${hash('sha256', '1:asecond')}`
  await redis.send(`DEL ${name}`)
  await redis.send(`LPUSH ${name} 1`)
  expect(await counted.find('a', ['second', 'third'])).toEqual({ key: 'third', value: 'of the third' })
  expect(guard.up).toBe(true)
})

test.skipIf(noRedis)(
  'a store that hangs costs its time limit, soon nothing, and nothing is found',
  async () => {
    const { redis, guard, cache, open } = await openCache(100)
    await open()
    cache.set('a', 'key', 'text', 60_000)
    expect(await cache.find('a', ['key'])).toEqual({ key: 'key', value: 'text' })
    redis.freeze()
    for (let call = 0; call < 3; call += 1) {
      const from = performance.now()
      expect(await cache.find('a', ['key'])).toBeUndefined()
      expect(performance.now() - from).toBeGreaterThan(98)
    }
    const winner = await Promise.race([cache.find('a', ['key']).then(() => 'the store'), sleep(50, 'time')])
    expect(winner).toBe('the store')
    redis.thaw()
    await expect.poll(() => guard.up, { interval: 5, timeout: 4_000 }).toBe(true)
    expect(await cache.find('a', ['key'])).toEqual({ key: 'key', value: 'text' })
  },
)

test.each([
  ['nothing', null],
  ['a text', 'text'],
  ['an empty list', []],
  ['a number that no key has', [3, 'text']],
  ['0', [0, 'text']],
  ['something else than a number', ['1', 'text']],
  ['no text', [1, 7]],
])('a store that answers %s has nothing', async (_, told) => {
  const cache = sharedCache({ ask: () => Promise.resolve(told) }, 'test:')
  expect(await cache.find('a', ['first', 'second'])).toBeUndefined()
})

test.skipIf(noRedis)('keys say neither who asked nor what', async () => {
  const { redis, guard, cache, open } = await openCache()
  await open()
  cache.set('team-a', 'a secret question', 'text', 60_000)
  await expect.poll(() => redis.send('DBSIZE'), { interval: 5 }).toBe(':2')
  const names = await guard.ask((client) => client.keys('test:cache:*'))
  expect(names).toEqual([expect.stringMatching(/^test:cache:[0-9a-f]{64}$/)])
})
