import { setTimeout as sleep } from 'node:timers/promises'
import { type Clock, readRedisUrl, type RedisTarget, type SharedPause, systemClock } from '@llmproxy/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noRedis, startRedis } from '../../test/redis.ts'
import { StoreGuard } from './guard.ts'
import { SharedPauses } from './shared-pauses.ts'

const prefix = 'test:'
const pause: SharedPause = { provider: 'p', model: 'm', entry: 'm*', cause: 'breaker', forMs: 60_000 }
const ofKey: SharedPause = { ...pause, cause: 'key', key: 'A_KEY', forMs: 40_000 }
const guessed: SharedPause = { ...pause, cause: 'cooldown', forMs: 30_000, guessed: true }

/** An instance, and what it hears. */
async function instance(url: string, id: string, pulse: Clock = systemClock) {
  const target = readRedisUrl(url) as RedisTarget
  const clock = systemClock
  const guard = new StoreGuard({ target, timeoutMs: 1_000, probeKey: `${prefix}probe`, clock })
  const pauses = new SharedPauses({ guard, target, prefix, id, clock: pulse })
  const heard: SharedPause[] = []
  pauses.listen((told) => void heard.push(told))
  onTestFinished(async () => void (await Promise.all([guard.close(), pauses.close()])))
  guard.open()
  pauses.open()
  await expect.poll(() => guard.up, { interval: 5 }).toBe(true)
  return { guard, pauses, heard }
}

const hears = (heard: SharedPause[]) => expect.poll(() => heard, { interval: 5, timeout: 3_000 })

const about = ({ forMs, ...what }: SharedPause) => ({ ...what, forMs: expect.closeTo(forMs, -4) as number })

describe.skipIf(noRedis)('pauses that instances share', () => {
  test('are heard by the others, not by the one who tells; later instances learn what is left of them', async () => {
    const { url, send } = await startRedis()
    const [first, second] = [await instance(url, 'one'), await instance(url, 'two')]
    await expect.poll(() => send(`PUBSUB NUMSUB ${prefix}pauses`), { interval: 5 }).toContain(':2')
    first.pauses.tell(pause)
    first.pauses.tell(guessed)
    first.pauses.tell(ofKey)
    await hears(second.heard).toEqual([pause, guessed, ofKey])
    first.pauses.tell({ ...guessed, provider: 'brief', forMs: 20 })
    await sleep(50)
    const third = await instance(url, 'three')
    await hears(third.heard).toEqual([about(pause), about(ofKey), about(guessed)])
    expect(third.heard[0]!.forMs).toBeLessThan(pause.forMs)
    expect(first.heard).toEqual([])
  })

  test('of two ends of the same pause the later one is kept, and nothing outlives the last end', async () => {
    const { url, send } = await startRedis()
    const first = await instance(url, 'one')
    for (const forMs of [200, 20_000, 100]) first.pauses.tell({ ...pause, forMs })
    await expect.poll(() => send(`ZCARD ${prefix}pauses`), { interval: 5 }).toBe(':1')
    const second = await instance(url, 'two')
    await hears(second.heard).toEqual([about({ ...pause, forMs: 20_000 })])
    const left = Number((await send(`PTTL ${prefix}pauses`)).slice(1))
    expect(left).toBeGreaterThan(15_000)
    expect(left).toBeLessThanOrEqual(20_000)
  })

  test('are bounded: those that end soonest give way', async () => {
    const { url, send } = await startRedis()
    const first = await instance(url, 'one')
    for (let n = 0; n < 1_050; n += 1)
      first.pauses.tell({ ...pause, model: `m-${n}`, forMs: 60_000 + n * 10 })
    const second = await instance(url, 'two')
    await expect.poll(() => send(`ZCARD ${prefix}pauses`), { interval: 5 }).toBe(':1000')
    await hears(second.heard).toHaveLength(1_000)
    expect(second.heard.map(({ model }) => model)).not.toContain('m-0')
  })

  test('that make no sense are passed over, told or kept', async () => {
    const { url, send } = await startRedis()
    const json = JSON.stringify(JSON.stringify({ ...pause, model: 'from-elsewhere' }))
    await send(`ZADD ${prefix}pauses 99999999999999 nonsense`)
    await send(`ZADD ${prefix}pauses 99999999999998 {"provider":1}`)
    const { heard } = await instance(url, 'one')
    await expect.poll(() => send(`PUBLISH ${prefix}pauses nonsense`), { interval: 5 }).toBe(':1')
    for (const text of ['""', '"other"', '"other {"', '"other {}"', '"other null"', 'x'.repeat(20_000)]) {
      expect(await send(`PUBLISH ${prefix}pauses ${text}`)).toBe(':1')
    }
    await send(`PUBLISH ${prefix}pauses "other ${json.slice(1)}`)
    await hears(heard).toEqual([{ ...pause, model: 'from-elsewhere' }])
    expect(heard).toHaveLength(1)
  })

  test('are listened to again after the store was away, and those that began meanwhile are learnt', async () => {
    const redis = await startRedis()
    const [first, second] = [await instance(redis.url, 'one'), await instance(redis.url, 'two')]
    await redis.kill()
    await expect.poll(() => first.guard.up, { interval: 5 }).toBe(false)
    first.pauses.tell({ ...pause, provider: 'unheard' })
    await redis.start()
    await expect.poll(() => first.guard.up, { interval: 5, timeout: 4_000 }).toBe(true)
    first.pauses.tell(pause)
    await hears(second.heard).toEqual([about(pause)])
  })

  test('are listened to by a connection that shows from time to time that it lives', async () => {
    const { url, send } = await startRedis()
    const timers: (() => void)[] = []
    const pulse: Clock = {
      ...systemClock,
      after: (milliseconds, callback) => (milliseconds > 1_000 ? timers.push(callback) : undefined),
    }
    await instance(url, 'one', pulse)
    const listener = () => send('CLIENT LIST TYPE pubsub')
    await expect.poll(listener, { interval: 5 }).toContain('cmd=subscribe')
    for (let beats = 0; beats < 2; beats += 1) timers.shift()!()
    await expect.poll(listener, { interval: 5 }).toContain('cmd=ping')
    expect(timers).toHaveLength(1)
  })

  test('that could not be heard are asked for again, and told of once', async () => {
    const { url, send } = await startRedis()
    await send('ACL SETUSER deaf on >the-password ~* resetchannels +@all')
    const fast: Clock = { ...systemClock, after: (_, callback) => systemClock.after(20, callback) }
    const target = readRedisUrl(url.replace('://', '://deaf:the-password@')) as RedisTarget
    const first = await instance(url, 'one')
    const pauses = new SharedPauses({ guard: first.guard, target, prefix, id: 'two', clock: fast })
    onTestFinished(() => pauses.close())
    const [heard, reasons] = [[] as SharedPause[], [] as string[]]
    pauses.listen((told) => void heard.push(told))
    pauses.onDeaf = (reason) => void reasons.push(reason)
    pauses.open()
    await expect.poll(() => reasons, { interval: 5 }).toEqual([expect.stringContaining('NOPERM')])
    first.pauses.tell(pause)
    await expect.poll(() => send(`ZCARD ${prefix}pauses`), { interval: 5 }).toBe(':1')
    await send('ACL SETUSER deaf allchannels')
    await hears(heard).toEqual([about(pause)])
    expect(reasons).toHaveLength(1)
  })

  test('are no reason to wait or to fail when the store does not answer', async () => {
    const redis = await startRedis()
    const { pauses } = await instance(redis.url, 'one')
    redis.freeze()
    const from = performance.now()
    for (let n = 0; n < 1_000; n += 1) pauses.tell(pause)
    expect(performance.now() - from).toBeLessThan(500)
    await redis.kill()
    pauses.tell(pause)
  })
})
