import { expect, test } from 'vitest'
import {
  type Answer,
  bodies,
  chat,
  failing,
  fakeUpstream,
  healthy,
  metric,
  pair,
  provider,
  sendJson,
  startProxy,
  until,
} from './support.ts'
import { changeable, skippingClock } from './support/breaking.ts'

const breaking = { max_retries: 0, circuit_breaker_threshold: 10, circuit_breaker_timeout: 30 }

test.each([400, 413, 422])(
  'a hundred requests that the upstream refuses with %d do not disable it',
  async (status) => {
    const upstream = await changeable(failing(status))
    const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] })
    for (let index = 0; index < 100; index++) expect((await chat(proxy.url)).status).toBe(400)
    upstream.turn(healthy())
    expect((await chat(proxy.url)).status).toBe(200)
    expect(upstream.requests).toHaveLength(101)
  },
)

test.each([
  ['unknown models', failing(404)],
  ['a content filter', failingWith('content_filter')],
  ['too long contexts', failingWith('context_length_exceeded')],
])('%s do not disable a provider', async (_, answer) => {
  const upstream = await changeable(answer)
  const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] })
  for (let index = 0; index < 20; index++) await chat(proxy.url)
  upstream.turn(healthy())
  expect((await chat(proxy.url)).status).toBe(200)
})

test('ten failures open the breaker; the next provider serves; after its time one probe decides', async () => {
  const { clock, skip } = skippingClock()
  const first = await changeable(failing(500))
  const second = await fakeUpstream(healthy('second'))
  const providers = pair(provider('a', first.url, breaking), provider('b', second.url))
  const proxy = await startProxy({ providers }, { clock })
  for (let index = 0; index < 15; index++) expect((await chat(proxy.url)).text).toContain('second')
  expect(first.requests).toHaveLength(10)
  expect(await metric(proxy, 'llmproxy_breaker_state', { provider: 'a' })).toBe(2)

  skip(30)
  let probe: (() => void) | undefined
  first.turn((_request, response) => {
    probe = () => sendJson(response, 500, {})
  })
  const probing = chat(proxy.url)
  await until(() => probe)
  const others = await Promise.all(Array.from({ length: 5 }, () => chat(proxy.url)))
  expect(others.every(({ text }) => text.includes('second'))).toBe(true)
  expect(first.requests).toHaveLength(11)
  probe?.()
  expect((await probing).text).toContain('second')
  expect((await chat(proxy.url)).text).toContain('second')
  expect(first.requests).toHaveLength(11)

  skip(30)
  first.turn(healthy('first'))
  expect((await chat(proxy.url)).text).toContain('first')
  expect((await chat(proxy.url)).text).toContain('first')
  expect(await metric(proxy, 'llmproxy_breaker_state', { provider: 'a' })).toBe(0)
  expect(await metric(proxy, 'llmproxy_breaker_opened_total', { provider: 'a', model: 'm' })).toBe(2)
})

test('all open: 503 with the time to the soonest probe, and that answer is no failure', async () => {
  const { clock, skip } = skippingClock()
  const first = await changeable(failing(500))
  const second = await changeable(failing(500))
  const providers = pair(
    provider('a', first.url, breaking),
    provider('b', second.url, { ...breaking, circuit_breaker_timeout: 20 }),
  )
  const proxy = await startProxy({ providers }, { clock })
  for (let index = 0; index < 10; index++) expect((await chat(proxy.url)).status).toBe(503)
  for (let index = 0; index < 5; index++) {
    const { status, headers, text } = await chat(proxy.url)
    expect(status).toBe(503)
    expect(text).toContain('"code":"providers_unavailable"')
    expect(headers['x-should-retry']).toBe('false')
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(19)
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(20)
  }
  expect(first.requests.length + second.requests.length).toBe(20)
  expect(await metric(proxy, 'llmproxy_attempts_total', { provider: 'a', fault: 'upstream' })).toBe(10)
  second.turn(healthy('back'))
  skip(20)
  expect((await chat(proxy.url)).text).toContain('back')
})

test('a single provider fails fast with the time to wait, and comes back', async () => {
  const { clock, skip } = skippingClock()
  const upstream = await changeable(failing(500))
  const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] }, { clock })
  for (let index = 0; index < 10; index++) expect((await chat(proxy.url)).status).toBe(502)
  const { status, headers } = await chat(proxy.url)
  expect(status).toBe(503)
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(30)
  expect(upstream.requests).toHaveLength(10)
  upstream.turn(healthy())
  skip(30)
  expect((await chat(proxy.url)).status).toBe(200)
})

test('rate limits alone never switch a single provider off', async () => {
  const upstream = await changeable(failing(429))
  const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] })
  for (let index = 0; index < 20; index++) expect((await chat(proxy.url)).status).toBe(429)
  upstream.turn(healthy())
  expect((await chat(proxy.url)).status).toBe(200)
})

test('clients that leave do not open a breaker', async () => {
  const upstream = await changeable(() => undefined)
  const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] })
  for (let index = 0; index < 12; index++) {
    const leaving = new AbortController()
    const asked = fetch(`${proxy.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(bodies.chat),
      signal: leaving.signal,
    })
    await upstream.request(index)
    leaving.abort()
    await expect(asked).rejects.toThrow()
  }
  await until(() => proxy.gateway.inFlight === 0)
  upstream.turn(healthy())
  expect((await chat(proxy.url)).status).toBe(200)
})

function failingWith(code: string): Answer {
  return (_request, response) =>
    sendJson(response, 400, {
      error: { message: 'refused', type: 'invalid_request_error', param: null, code },
    })
}
