import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { noRedis, startRedis } from '../../packages/server/test/redis.ts'
import { runApp } from '../docs/support/run-app.ts'
import { bodies, chat, fakeUpstream, healthy, provider, type Reply, send } from './support.ts'
import { chatLimit, type Instance, startInstance, storeLines } from './support/instances.ts'

const admitted = (replies: readonly Reply[]) => replies.filter(({ status }) => status === 200)

/** So many requests at once, in turn to each of the gateways. */
function burst(count: number, instances: readonly Pick<Instance, 'url'>[]): Promise<Reply[]> {
  const urlOf = (index: number) => instances[index % instances.length]!.url
  return Promise.all(Array.from({ length: count }, (_, index) => chat(urlOf(index))))
}

describe.skipIf(noRedis)('limits that several instances share', () => {
  test('hold over all of them: of 300 requests at once at three gateways, the limit of 100 is admitted', async () => {
    const redis = await startRedis()
    const upstream = await fakeUpstream(healthy())
    const config = {
      ...chatLimit(100),
      redis_url: redis.url,
      // The machine of a test may be busy for longer than the 50 ms of the default.
      redis_timeout: 2,
      providers: [provider('a', upstream.url)],
    }
    const three = await Promise.all([1, 2, 3].map(() => startInstance(config)))
    const replies = await burst(300, three)
    expect(admitted(replies).length).toBeGreaterThanOrEqual(100)
    expect(admitted(replies).length).toBeLessThanOrEqual(103)
    expect(upstream.requests).toHaveLength(admitted(replies).length)
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 429]))

    const remaining = admitted(replies).map(({ headers }) =>
      Number(headers['x-ratelimit-remaining-requests']),
    )
    expect(remaining.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, index) => index))
    const refused = replies.find(({ status }) => status === 429)!
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(50)
    expect(refused.headers['x-ratelimit-limit-requests']).toBe('100')
    expect(refused.headers['x-ratelimit-remaining-requests']).toBe('0')
    expect(refused.headers['x-ratelimit-reset-requests']).toMatch(/^(?:1m0s|5\ds)$/)
    for (const instance of three) {
      expect(storeLines(instance)).toEqual([
        'info redis answers: rate limits and pauses of providers are shared',
      ])
    }
    const named = await Promise.all(three.map(({ url }) => send(url, '/metrics', metrics)))
    expect(named.map(({ text }) => /^llmproxy_store_up (\d)$/m.exec(text)?.[1])).toEqual(['1', '1', '1'])
  })

  test('count each key for itself; what one limit refuses costs nothing of another, at any instance', async () => {
    const redis = await startRedis()
    const upstream = await fakeUpstream(healthy())
    const config = {
      ...chatLimit(2),
      rate_limit_rpm: 4,
      api_keys: [{ key: 'first-long-key', name: 'first' }, 'second-long-key'],
      redis_url: redis.url,
      redis_timeout: 2,
      providers: [provider('a', upstream.url)],
    }
    const [one, other] = [await startInstance(config), await startInstance(config)]
    const ask = (instance: Instance, path: string, key: string, body?: object) =>
      send(instance.url, path, {
        method: body ? 'POST' : 'GET',
        headers: { 'x-api-key': key },
        ...(body && { body }),
      })
    const chatAs = (instance: Instance, key: string) =>
      ask(instance, '/v1/chat/completions', key, bodies.chat)
    expect((await chatAs(one, 'first-long-key')).status).toBe(200)
    expect((await chatAs(other, 'first-long-key')).status).toBe(200)
    for (let n = 0; n < 6; n += 1) {
      expect((await chatAs(n % 2 ? one : other, 'first-long-key')).status).toBe(429)
    }
    expect((await ask(one, '/v1/embeddings', 'first-long-key', bodies.embeddings)).status).toBe(200)
    expect((await ask(other, '/v1/models', 'first-long-key')).status).toBe(200)
    expect((await ask(one, '/v1/models', 'first-long-key')).status).toBe(429)
    expect((await chatAs(one, 'second-long-key')).status).toBe(200)
  })

  // Three starts of a whole process, on a machine that may be busy.
  test('hold over processes of their own too', { timeout: 60_000 }, async () => {
    const redis = await startRedis()
    const upstream = await fakeUpstream(healthy())
    const folder = await mkdtemp(join(tmpdir(), 'llmproxy-instances-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'config.yaml')
    const config = {
      ...chatLimit(100),
      health_check_interval: 0,
      redis_url: '${REDIS_URL}',
      redis_timeout: 2,
      providers: [provider('a', upstream.url)],
    }
    writeFileSync(file, JSON.stringify(config))
    const apps = await Promise.all([1, 2, 3].map(() => runApp(file, { REDIS_URL: redis.url })))
    onTestFinished(async () => void (await Promise.all(apps.map((app) => app[Symbol.asyncDispose]()))))
    const replies = await burst(300, apps)
    expect(admitted(replies).length).toBeGreaterThanOrEqual(100)
    expect(admitted(replies).length).toBeLessThanOrEqual(103)
    expect(upstream.requests).toHaveLength(admitted(replies).length)
  })
})

const metrics = { method: 'GET', headers: { accept: 'text/plain' } }
