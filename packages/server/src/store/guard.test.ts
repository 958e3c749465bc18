import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, readRedisUrl, type RedisTarget, systemClock } from '@llmproxy/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noRedis, type RedisServer, startRedis } from '../../test/redis.ts'
import { noAnswer, StoreGuard } from './guard.ts'

/** A busy machine must not look like a store that does not answer. */
const timeoutMs = 150

/** A guard that is opened, and what it tells. */
function openGuard(url: string, given: { clock?: Clock; timeoutMs?: number } = {}) {
  const target = readRedisUrl(url) as RedisTarget
  const guard = new StoreGuard({ target, timeoutMs, probeKey: 'test:probe', clock: systemClock, ...given })
  const changes: string[] = []
  const failures: string[] = []
  guard.onChange = (up, reason) => void changes.push(up ? 'up' : reason)
  guard.onFailure = (how) => void failures.push(how)
  onTestFinished(() => guard.close())
  guard.open()
  return {
    guard,
    changes,
    failures,
    isUp: () => expect.poll(() => guard.up, { interval: 5, timeout: 4_000 }),
  }
}

const isUp = (guard: StoreGuard) => expect.poll(() => guard.up, { interval: 5, timeout: 4_000 })
const ping = (guard: StoreGuard) => guard.ask((client) => client.ping())
const sent = async (guard: StoreGuard) => (await ping(guard)) ?? 'not sent'

/** The URL of a Redis with another login, path and so on. */
function changed({ url }: RedisServer, change: (url: URL) => void): string {
  const parsed = new URL(url)
  change(parsed)
  return parsed.href
}

describe.skipIf(noRedis)('a guarded store', () => {
  test('answers; one that nobody listens at is told once, costs nothing, and is found when it comes', async () => {
    const redis = await startRedis()
    await redis.kill()
    const { guard, changes } = openGuard(redis.url)
    await expect.poll(() => changes, { interval: 5 }).toEqual(['ECONNREFUSED'])
    await sleep(150)
    expect(ping(guard)).toBeUndefined()
    await redis.start()
    await isUp(guard).toBe(true)
    expect(await ping(guard)).toBe('PONG')
    expect(changes).toEqual(['ECONNREFUSED', 'up'])
  })

  test('calls end in time when it does not answer; soon it is not asked any more; it comes back by itself', async () => {
    const redis = await startRedis()
    const { guard, changes, failures } = openGuard(redis.url)
    await isUp(guard).toBe(true)
    for (const told of [changes, failures]) told.length = 0
    redis.freeze()
    const waits: number[] = []
    for (let call = 0; call < 3; call += 1) {
      const from = performance.now()
      expect(await ping(guard)).toBe(noAnswer)
      waits.push(performance.now() - from)
    }
    expect(Math.min(...waits)).toBeGreaterThan(timeoutMs - 2)
    expect(ping(guard)).toBeUndefined()
    expect(failures).toEqual(['timeout', 'timeout', 'timeout'])
    expect(changes).toEqual([`no answer within ${timeoutMs} ms`])
    redis.thaw()
    await isUp(guard).toBe(true)
    expect(await ping(guard)).toBe('PONG')
    expect(changes).toHaveLength(2)
  })

  test('what is on its way when it dies ends at once; a restart is noticed, and scripts are known again', async () => {
    const redis = await startRedis()
    // The time of a breaker that has opened would never be over: what a connection takes along is no verdict on the next.
    const standing = { ...systemClock, now: () => 0 }
    const { guard, changes } = openGuard(redis.url, { clock: standing, timeoutMs: 5_000 })
    await isUp(guard).toBe(true)
    const probe = () => guard.ask((client) => client.llmproxyProbe('test:other'))
    expect(await probe()).toBe('OK')
    redis.freeze()
    const waiting = Array.from({ length: 50 }, () => sent(guard))
    await redis.kill()
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([noAnswer]))
    await expect.poll(() => guard.up, { interval: 1 }).toBe(false)
    await redis.start()
    await isUp(guard).toBe(true)
    expect(await probe()).toBe('OK')
    expect(changes[0]).toBe('up')
    expect(changes.filter((change) => change === 'up')).toHaveLength(2)
  })

  test('an answer that has arrived is read, however busy this process was', async () => {
    const redis = await startRedis()
    const { guard, failures } = openGuard(redis.url)
    await isUp(guard).toBe(true)
    // From here on the timers come first, and reading after them.
    await new Promise((resolve) => setImmediate(resolve))
    const answer = ping(guard)
    const until = performance.now() + 3 * timeoutMs
    while (performance.now() < until);
    expect(await answer).toBe('PONG')
    expect(failures).toEqual([])
  })

  test('a single moment of silence closes nothing, however many calls it delays', async () => {
    const redis = await startRedis()
    const { guard, changes } = openGuard(redis.url)
    await isUp(guard).toBe(true)
    redis.freeze()
    const waiting = Array.from({ length: 50 }, () => sent(guard))
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([noAnswer]))
    redis.thaw()
    await expect.poll(() => ping(guard), { interval: 5 }).toBe('PONG')
    expect(changes).toEqual(['up'])
  })

  test('a login without rights, and a replica, are no store: a probe writes; both are found well again', async () => {
    const redis = await startRedis()
    await redis.send('ACL SETUSER reader on >canary-password ~* &* +@read +@connection')
    const url = changed(redis, (parsed) => {
      parsed.username = 'reader'
      parsed.password = 'canary-password'
    })
    const { guard, changes } = openGuard(url)
    await expect.poll(() => changes, { interval: 5 }).toEqual([expect.stringContaining('NOPERM')])
    const replica = await startRedis()
    await replica.send('REPLICAOF 127.0.0.1 1')
    const other = openGuard(replica.url)
    await expect.poll(() => other.changes, { interval: 5 }).toEqual([expect.stringContaining('READONLY')])
    await redis.send('ACL SETUSER reader +eval +evalsha +set')
    await replica.send('REPLICAOF NO ONE')
    await isUp(guard).toBe(true)
    await isUp(other.guard).toBe(true)
  })

  test('logs in by password or as a user, into a numbered database; a wrong password is told, not shown', async () => {
    const redis = await startRedis(['--requirepass', 'right@password', '--databases', '4'])
    const login = (password: string, path = '') =>
      changed(redis, (parsed) => {
        parsed.password = password
        parsed.pathname = path
      })
    const third = openGuard(login('right@password', '/3'))
    await isUp(third.guard).toBe(true)
    await third.guard.ask((client) => client.set('here', '1'))
    const first = openGuard(login('right@password'))
    await isUp(first.guard).toBe(true)
    expect(await first.guard.ask((client) => client.get('here'))).toBeNull()
    for (const url of [login('canary-wrong'), redis.url]) {
      const { changes, guard } = openGuard(url)
      await expect.poll(() => changes, { interval: 5 }).toEqual([expect.stringMatching(/WRONGPASS|NOAUTH/)])
      expect(changes[0]).not.toContain('canary')
      expect(ping(guard)).toBeUndefined()
    }
  })

  test('a connection to a store that goes on refusing is made anew now and then', async () => {
    const redis = await startRedis()
    await redis.send('REPLICAOF 127.0.0.1 1')
    const fast: Clock = {
      ...systemClock,
      now: () => systemClock.now() * 50,
      after: (milliseconds, callback) => systemClock.after(milliseconds / 50, callback),
    }
    openGuard(redis.url, { clock: fast, timeoutMs: 5_000 })
    const ids = async () => /^id=(\d+) .* name=llmproxy /m.exec(await redis.send('CLIENT LIST'))?.[1]
    await expect.poll(ids, { interval: 2 }).toBeDefined()
    const first = Number(await ids())
    await expect.poll(async () => Number(await ids()), { interval: 5 }).toBeGreaterThan(first)
  })

  test('closes in half a second whatever the store does, and says nothing about it', async () => {
    const redis = await startRedis()
    const timers = new Set<unknown>()
    const counting: Clock = {
      ...systemClock,
      after(milliseconds, callback) {
        const timer = systemClock.after(milliseconds, () => {
          timers.delete(timer)
          callback()
        })
        timers.add(timer)
        return timer
      },
      cancel(timer) {
        timers.delete(timer)
        systemClock.cancel(timer)
      },
    }
    const frozen = openGuard(redis.url, { clock: counting })
    await isUp(frozen.guard).toBe(true)
    redis.freeze()
    void ping(frozen.guard)
    const from = performance.now()
    await frozen.guard.close()
    expect(performance.now() - from).toBeLessThan(600)
    redis.thaw()
    const away = openGuard('redis://127.0.0.1:1')
    await expect.poll(() => away.changes, { interval: 5 }).toEqual(['ECONNREFUSED'])
    await away.guard.close()
    await sleep(200)
    expect([frozen.changes, away.changes]).toEqual([['up'], ['ECONNREFUSED']])
    expect(timers.size).toBe(0)
  })
})
