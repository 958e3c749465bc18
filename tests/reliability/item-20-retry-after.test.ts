import OpenAI from 'openai'
import { expect, test } from 'vitest'
import {
  type Answer,
  chat,
  errorBody,
  failing,
  fakeUpstream,
  healthy,
  pair,
  provider,
  sendJson,
  startProxy,
} from './support.ts'

async function answered(answer: Answer, more: object = {}, config: object = {}) {
  const upstream = await fakeUpstream(answer)
  const providers = [provider('a', upstream.url, { max_retries: 0, ...more })]
  const proxy = await startProxy({ providers, ...config })
  return chat(proxy.url)
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString()

test.each([429, 503, 529])('%d: seconds, milliseconds and dates become whole seconds', async (status) => {
  expect((await answered(failing(status, { 'retry-after': '7' }))).headers['retry-after']).toBe('7')
  expect((await answered(failing(status, { 'retry-after-ms': '1200' }))).headers['retry-after']).toBe('2')
  const dated = await answered(failing(status, { 'retry-after': inSeconds(9) }))
  expect(Number(dated.headers['retry-after'])).toBeGreaterThanOrEqual(8)
  expect(Number(dated.headers['retry-after'])).toBeLessThanOrEqual(9)
})

test('a date counts from our own clock when the upstream does not say what time it is', async () => {
  const { headers } = await answered((_request, response) => {
    response.sendDate = false
    sendJson(response, 429, errorBody('slow down'), { 'retry-after': inSeconds(9) })
  })
  expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(8)
  expect(Number(headers['retry-after'])).toBeLessThanOrEqual(9)
})

test.each(['soon', '-1', '', 'NaN', '1e999', '\t'])(
  'a %j that says nothing is not passed on',
  async (value) => {
    const { status, headers } = await answered(failing(429, { 'retry-after': value }))
    expect(status).toBe(429)
    expect(headers['retry-after'] ?? '1').toMatch(/^[1-9]\d*$/)
  },
)

test('a short wait is honoured by a retry of ours, a long one is left to the client', async () => {
  let asked = 0
  const upstream = await fakeUpstream((request, response) => {
    asked += 1
    const answer = asked === 1 ? failing(429, { 'retry-after-ms': '60' }) : healthy()
    answer(request, response)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  expect((await chat(proxy.url)).status).toBe(200)
  const [first, second] = upstream.requests
  expect(second!.at - first!.closedAt!).toBeGreaterThanOrEqual(59)
  const long = await answered(failing(429, { 'retry-after': '3600' }), { max_retries: 3 })
  expect(long.headers['retry-after']).toBe('3600')
})

test('the SDK waits as long as the upstream asked', async () => {
  let asked = 0
  const upstream = await fakeUpstream((request, response) => {
    asked += 1
    const answer = asked === 1 ? failing(429, { 'retry-after': '1' }) : healthy()
    answer(request, response)
  })
  const providers = [provider('a', upstream.url, { max_retries: 0 })]
  const { url } = await startProxy({ providers, max_retry_wait: 0 })
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' })
  await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const [first, second] = upstream.requests
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(990)
})

test('the limits of the vendor that answered are passed on, on success and on failure', async () => {
  const limits = {
    'x-ratelimit-remaining-tokens': '149984',
    'x-ratelimit-reset-tokens': '6ms',
    'anthropic-ratelimit-requests-remaining': '99',
  }
  const good = await answered((_request, response) =>
    sendJson(response, 200, { object: 'chat.completion', choices: [] }, limits),
  )
  expect(good.headers).toMatchObject(limits)
  const bad = await answered(failing(429, { ...limits, 'retry-after': '5' }))
  expect(bad.status).toBe(429)
  expect(bad.headers).toMatchObject(limits)
})

test('limits come from the provider that served, not from one that failed before it', async () => {
  const first = await fakeUpstream(failing(429, { 'x-ratelimit-remaining-tokens': '0' }))
  const second = await fakeUpstream((_request, response) =>
    sendJson(
      response,
      200,
      { object: 'chat.completion', choices: [] },
      { 'x-ratelimit-remaining-tokens': '5' },
    ),
  )
  const proxy = await startProxy({ providers: pair(provider('a', first.url), provider('b', second.url)) })
  expect((await chat(proxy.url)).headers['x-ratelimit-remaining-tokens']).toBe('5')
})

test('an answer tells of one limit of requests: the key’s own where it has one, else the vendor’s', async () => {
  const limits = {
    'x-ratelimit-limit-requests': '9000',
    'x-ratelimit-reset-requests': '1ms',
    'x-ratelimit-remaining-tokens': '7',
  }
  const upstream = await fakeUpstream((_request, response) =>
    sendJson(response, 200, { object: 'chat.completion', choices: [] }, limits),
  )
  const providers = [provider('a', upstream.url)]
  const limited = await startProxy({ providers, rate_limit_rpm: 2, rate_limit_window: 30 })
  const { headers } = await chat(limited.url)
  expect(headers).toMatchObject({
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': '1',
    'x-ratelimit-remaining-tokens': '7',
  })
  expect(headers['x-ratelimit-reset-requests']).toMatch(/^(?:30|29)/)
  const unlimited = await startProxy({ providers })
  expect((await chat(unlimited.url)).headers).toMatchObject(limits)
})

test("the gateway's own limiter says when its window ends", async () => {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({
    providers: [provider('a', upstream.url)],
    rate_limit_rpm: 2,
    rate_limit_window: 30,
  })
  expect((await chat(proxy.url)).headers['x-ratelimit-remaining-requests']).toBe('1')
  expect((await chat(proxy.url)).status).toBe(200)
  const { status, headers, text } = await chat(proxy.url)
  expect(status).toBe(429)
  expect(JSON.parse(text)).toMatchObject({ error: { type: 'rate_limit_error', code: 'rate_limit_exceeded' } })
  expect(Math.abs(Number(headers['retry-after']) - 30)).toBeLessThanOrEqual(1)
  expect(upstream.requests).toHaveLength(2)
})
