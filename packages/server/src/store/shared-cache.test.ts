import { readRedisUrl, type RedisTarget, systemClock } from '@llmproxy/core'
import { expect, onTestFinished, test } from 'vitest'
import { noRedis, startRedis } from '../../test/redis.ts'
import { StoreGuard } from './guard.ts'
import { longestValue, sharedCache } from './shared-cache.ts'

test.skipIf(noRedis)('texts are kept for their caller alone, for their time, up to a size', async () => {
  const redis = await startRedis()
  const target = readRedisUrl(redis.url) as RedisTarget
  const guard = new StoreGuard({ target, timeoutMs: 1_000, probeKey: 'test:probe', clock: systemClock })
  onTestFinished(() => guard.close())
  const cache = sharedCache(guard, 'test:')
  cache.set('a', 'early', 'not connected yet', 60_000)
  guard.open()
  await expect.poll(() => guard.up, { interval: 5 }).toBe(true)
  expect(await cache.get('a', 'early')).toBeUndefined()

  cache.set('a', 'key', 'text with ümlauts and\0all', 60_000)
  expect(await cache.get('a', 'key')).toBe('text with ümlauts and\0all')
  expect(await cache.get('b', 'key')).toBeUndefined()
  cache.set('ab', 'c', 'of ab', 60_000)
  expect(await cache.get('a', 'bc')).toBeUndefined()

  cache.set('a', 'brief', 'soon gone', 20)
  expect(await cache.get('a', 'brief')).toBe('soon gone')
  await expect.poll(() => cache.get('a', 'brief'), { interval: 5 }).toBeUndefined()

  cache.set('a', 'large', 'x'.repeat(longestValue), 60_000)
  cache.set('a', 'too large', 'x'.repeat(longestValue + 1), 60_000)
  cache.set('a', 'for no time', 'x', 0)
  expect(await cache.get('a', 'large')).toHaveLength(longestValue)
  expect(await cache.get('a', 'too large')).toBeUndefined()
  expect(await cache.get('a', 'for no time')).toBeUndefined()

  await redis.kill()
  expect(await cache.get('a', 'key')).toBeUndefined()
  cache.set('a', 'key', 'text', 60_000)
})

test.skipIf(noRedis)('keys say neither who asked nor what', async () => {
  const { url, send } = await startRedis()
  const target = readRedisUrl(url) as RedisTarget
  const guard = new StoreGuard({ target, timeoutMs: 1_000, probeKey: 'test:probe', clock: systemClock })
  onTestFinished(() => guard.close())
  guard.open()
  await expect.poll(() => guard.up, { interval: 5 }).toBe(true)
  sharedCache(guard, 'test:').set('team-a', 'a secret question', 'text', 60_000)
  await expect.poll(() => send('DBSIZE'), { interval: 5 }).toBe(':2')
  const names = await guard.ask((client) => client.keys('test:cache:*'))
  expect(names).toEqual([expect.stringMatching(/^test:cache:[0-9a-f]{64}$/)])
})
