import { readFileSync } from 'node:fs'
import { type SharedPause, systemClock } from '@llmproxy/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noRedis, startRedis } from '../../test/redis.ts'
import { MemoryCounter } from './memory-counter.ts'
import { sharedStore, type StoreSettings } from './shared-store.ts'

const settings: StoreSettings = {
  redis_url: null,
  redis_prefix: 'llmproxy:',
  redis_timeout: 2,
  redis_failure: 'fail_open',
}

/** A store that is opened, with what it logs and measures. */
async function openStore(changes: Partial<StoreSettings>) {
  const store = sharedStore({ ...settings, ...changes }, systemClock, new MemoryCounter(systemClock))!
  const [log, failures, gauges] = [[] as string[], [] as string[], new Map<string, () => unknown>()]
  const write = (level: string) => (fields: object, message: string) =>
    void log.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const heard: SharedPause[] = []
  store.peers.listen((pause) => void heard.push(pause))
  onTestFinished(() => store.close())
  await store.open(
    { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    {
      gauge: ({ name, read }) => void gauges.set(name, read),
      storeFailed: (how) => void failures.push(how),
    },
  )
  return { store, log, failures, heard, isUp: () => gauges.get('llmproxy_store_up')!() }
}

test('without an address there is no store', () => {
  expect(sharedStore(settings, systemClock, new MemoryCounter(systemClock))).toBeUndefined()
})

test('a store that nobody listens at is open at once, and away', async () => {
  const { store, log, isUp } = await openStore({ redis_url: 'redis://127.0.0.1:1' })
  expect(log).toEqual([expect.stringMatching(/^warn redis does not answer: .*\{"reason":"ECONNREFUSED"\}$/)])
  expect(isUp()).toBe(0)
  const limit = { setting: 'rate_limit_rpm', points: 1, windowMs: 60_000 }
  expect(store.counter.hit('a', [limit])).toMatchObject({ refused: false })
  expect(store.counter.hit('a', [limit])).toMatchObject({ refused: true })
  expect(await store.cache.find('a', ['key'])).toBeUndefined()
})

describe.skipIf(noRedis)('a store', () => {
  test('needs no other rights than those in docs/operations.md', async () => {
    const redis = await startRedis()
    const document = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8')
    const line = /^ACL SETUSER .*$/m.exec(document)![0].replace('<password>', 'the-password')
    expect(await redis.send(line)).toBe('+OK')
    const redis_url = redis.url.replace('://', '://llmproxy:the-password@')
    const [first, second] = [await openStore({ redis_url }), await openStore({ redis_url })]
    expect([first.isUp(), second.isUp(), first.log]).toEqual([1, 1, [expect.stringMatching(/^info/)]])

    const limits = [
      { setting: 'rate_limit_rpm', points: 3, windowMs: 60_000 },
      { setting: 'rate_limits.chat', points: 2, windowMs: 30_000 },
    ]
    const refusals: boolean[] = []
    for (const { store } of [first, second, first]) {
      const verdict = await store.counter.hit('a', limits)
      refusals.push('refused' in verdict && verdict.refused)
    }
    const shorter = limits.map((limit) => ({ ...limit, windowMs: 10_000 }))
    expect(await first.store.counter.hit('a', shorter)).toMatchObject({ refused: true })
    expect(refusals).toEqual([false, false, true])

    await expect.poll(() => redis.send('PUBSUB NUMSUB llmproxy:pauses'), { interval: 5 }).toContain(':2')
    const pause: SharedPause = { provider: 'p', model: 'm', entry: 'm', cause: 'breaker', forMs: 60_000 }
    first.store.peers.tell(pause)
    await expect.poll(() => second.heard, { interval: 5 }).toEqual([pause])
    const third = await openStore({ redis_url })
    await expect.poll(() => third.heard, { interval: 5 }).toHaveLength(1)

    first.store.cache.set('a', 'key', 'text', 60_000)
    const found = { key: 'key', value: 'text' }
    await expect.poll(() => second.store.cache.find('a', ['key']), { interval: 5 }).toEqual(found)
    expect([...first.failures, ...second.failures, ...third.failures]).toEqual([])
    expect(await redis.send('ACL LOG')).toBe('*0')
  })

  test('that hides what the others tell is one line of the log, and limits are shared all the same', async () => {
    const redis = await startRedis()
    await redis.send('ACL SETUSER deaf on >the-password ~* resetchannels +@all')
    const { store, log, isUp } = await openStore({
      redis_url: redis.url.replace('://', '://deaf:the-password@'),
    })
    await expect.poll(() => log.join(), { interval: 5 }).toMatch(/hear of pauses \{"reason":"NOPERM/)
    expect([isUp(), log.length]).toEqual([1, 2])
    const limit = { setting: 'rate_limit_rpm', points: 1, windowMs: 60_000 }
    expect(await store.counter.hit('a', [limit])).toMatchObject({ refused: false })
  })

  test('leaves nothing behind that does not expire', async () => {
    const redis = await startRedis()
    const { store } = await openStore({ redis_url: redis.url, redis_prefix: 'x:' })
    await store.counter.hit('a', [{ setting: 'rate_limit_rpm', points: 3, windowMs: 60_000 }])
    store.peers.tell({ provider: 'p', model: 'm', entry: 'm', cause: 'breaker', forMs: 60_000 })
    store.cache.set('a', 'key', 'text', 60_000)
    // The key of the probe is gone after a second.
    const keys = async () =>
      (await redis.send('KEYS *')).split('\r\n').filter((text) => /^\w/.test(text) && text !== 'x:probe')
    await expect.poll(keys, { interval: 5 }).toHaveLength(3)
    for (const key of await keys()) {
      expect(key).toMatch(/^x:/)
      expect([key, Number((await redis.send(`PTTL ${key}`)).slice(1)) > 1_000]).toEqual([key, true])
    }
  })
})
