import { expect, test } from 'vitest'
import { HealthClock } from '../reliability/support/health-clock.ts'
import { chat, failing, fakeUpstream, provider, send, startProxy } from '../reliability/support.ts'

const key = 'the-key-of-a-client'
const words = 'no-such-organisation-4711'

/** A gateway whose only provider is refused its key, and which knows it by a health check and by a request. */
async function troubled() {
  const clock = new HealthClock()
  const upstream = await fakeUpstream(failing(401, {}, words))
  const providers = [
    provider('secret-project', upstream.url, {
      circuit_breaker_threshold: 1,
      models: ['secret-model', 'm'],
    }),
  ]
  const proxy = await startProxy({ health_check_interval: 60, api_keys: [key], providers }, { clock })
  await clock.pass(60)
  await chat(proxy.url, {}, { 'x-api-key': key })
  return { upstream, proxy }
}

test('without a key, nobody learns more than whether the gateway is alive and ready', async () => {
  const { proxy, upstream } = await troubled()
  const get = (path: string, headers: Record<string, string> = {}) =>
    send(proxy.url, path, { method: 'GET', headers })
  for (const path of ['/health', '/health/', '/providers', '/metrics', '/v1/models', '/models/m']) {
    for (const headers of [{}, { 'x-api-key': 'wrong' }, { accept: 'text/plain' }]) {
      const { status, text } = await get(path, headers)
      expect([path, status]).toEqual([path, 401])
      expect(text).not.toMatch(/secret|unhealthy|providers?"/)
    }
  }
  expect([(await get('/livez')).text, (await get('/readyz')).text]).toEqual([
    '{"status":"ok"}',
    '{"status":"ok"}',
  ])
  expect(upstream.requests).toHaveLength(2)
})

test('with a key, they tell how providers fare, and no address, credential or word of a vendor', async () => {
  const { proxy, upstream } = await troubled()
  const get = async (path: string, accept = 'application/json') =>
    (await send(proxy.url, path, { method: 'GET', headers: { 'x-api-key': key, accept } })).text
  const address = new URL(upstream.url).host
  for (const text of [
    await get('/health'),
    await get('/providers'),
    await get('/metrics'),
    await get('/metrics', 'text/plain'),
  ])
    for (const hidden of [words, 'upstream-key', key, address]) expect(text).not.toContain(hidden)
  expect(await get('/health')).not.toContain('secret')
  expect(JSON.parse(await get('/providers'))).toMatchObject({
    providers: [
      {
        name: 'secret-project',
        status: 'unhealthy',
        reason: 'configuration',
        breakers: { m: 'open' },
        last_error: 'authentication',
      },
    ],
  })
})
