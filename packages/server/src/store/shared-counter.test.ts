import { readRedisUrl, type RedisTarget, systemClock } from '@llmproxy/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noRedis, startRedis } from '../../test/redis.ts'
import type { Counter, Limit, Standing } from './counter.ts'
import { StoreGuard } from './guard.ts'
import { MemoryCounter } from './memory-counter.ts'
import { SharedCounter } from './shared-counter.ts'

const minute = 60_000
const all: Limit = { setting: 'rate_limit_rpm', points: 5, windowMs: minute }
const chat: Limit = { setting: 'rate_limits.chat', points: 2, windowMs: minute }

async function openGuard(url: string): Promise<StoreGuard> {
  const target = readRedisUrl(url) as RedisTarget
  const guard = new StoreGuard({ target, timeoutMs: 1_000, probeKey: 'probe', clock: systemClock })
  onTestFinished(() => guard.close())
  guard.open()
  await expect.poll(() => guard.up, { interval: 5 }).toBe(true)
  return guard
}

async function counters(count: number): Promise<Counter[]> {
  const { url } = await startRedis()
  const guards = await Promise.all(Array.from({ length: count }, () => openGuard(url)))
  return guards.map((guard) => {
    const local = new MemoryCounter(systemClock)
    return new SharedCounter({ guard, local, prefix: 'test:', failure: 'fail_open' })
  })
}

const hit = async (counter: Counter, caller: string, ...limits: Limit[]) =>
  (await counter.hit(caller, limits)) as Standing

const kinds: [string, () => Promise<Counter>][] = [
  ['in memory', () => Promise.resolve(new MemoryCounter(systemClock))],
  ['in Redis', async () => (await counters(1))[0]!],
]

describe.each(noRedis ? kinds.slice(0, 1) : kinds)('a counter %s', (_where, make) => {
  test('tells the standing in the strictest limit; a refused request costs nothing of the others', async () => {
    const counter = await make()
    expect(await hit(counter, 'a', all, chat)).toMatchObject({ limit: 2, remaining: 1, refused: false })
    expect(await hit(counter, 'a', all, chat)).toMatchObject({ limit: 2, remaining: 0, refused: false })
    for (let refusals = 0; refusals < 10; refusals += 1) {
      const standing = await hit(counter, 'a', all, chat)
      expect(standing).toMatchObject({ limit: 2, remaining: 0, refused: true, setting: 'rate_limits.chat' })
      expect(standing.resetMs).toBeGreaterThan(minute - 5_000)
    }
    expect(await hit(counter, 'a', all)).toMatchObject({ limit: 5, remaining: 2, refused: false })
    expect(await hit(counter, 'b', all, chat)).toMatchObject({ remaining: 1, refused: false })
  })

  test('of several limits that refuse, the one that does so for longest is told', async () => {
    const counter = await make()
    const [long, short] = [
      { ...all, points: 1, windowMs: 3_600_000 },
      { ...chat, points: 1 },
    ]
    await hit(counter, 'a', short, long)
    for (const limits of [
      [short, long],
      [long, short],
    ]) {
      const standing = await hit(counter, 'a', ...limits)
      expect(standing).toMatchObject({ refused: true, setting: 'rate_limit_rpm', remaining: 0 })
      expect(standing.resetMs).toBeGreaterThan(3_500_000)
    }
  })

  test('a window passes and starts anew', async () => {
    const counter = await make()
    const brief = { ...chat, points: 1, windowMs: 40 }
    expect((await hit(counter, 'a', brief)).refused).toBe(false)
    const refused = await hit(counter, 'a', brief)
    expect(refused.refused).toBe(true)
    expect(refused.resetMs).toBeGreaterThan(0)
    expect(refused.resetMs).toBeLessThanOrEqual(40)
    await expect.poll(() => hit(counter, 'a', brief), { interval: 5 }).toMatchObject({ refused: false })
  })

  test('after a reload counts go on: other points hold at once, a shorter window ends sooner', async () => {
    const counter = await make()
    for (let n = 0; n < 3; n += 1) await hit(counter, 'a', all)
    expect(await hit(counter, 'a', { ...all, points: 3 })).toMatchObject({ refused: true, limit: 3 })
    expect(await hit(counter, 'a', { ...all, points: 9 })).toMatchObject({ refused: false, remaining: 5 })
    const brief = { ...all, points: 1, windowMs: 30 }
    const refused = await hit(counter, 'a', brief)
    expect(refused.refused).toBe(true)
    expect(refused.resetMs).toBeLessThanOrEqual(30)
    await expect.poll(() => hit(counter, 'a', brief), { interval: 5 }).toMatchObject({ refused: false })
  })
})

describe.skipIf(noRedis)('several instances', () => {
  test('admit together as many requests as one would', async () => {
    const three = await counters(3)
    const limit = { ...all, points: 100 }
    const standings = await Promise.all(
      Array.from({ length: 300 }, (_, index) => hit(three[index % 3]!, 'a', limit, { ...chat, points: 250 })),
    )
    expect(standings.filter(({ refused }) => !refused)).toHaveLength(100)
    expect(new Set(standings.filter(({ refused }) => !refused).map(({ remaining }) => remaining)).size).toBe(
      100,
    )
  })
})
