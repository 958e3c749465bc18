import OpenAI, { APIError } from 'openai'
import { expect, test } from 'vitest'
import { failing, type FakeUpstream, fakeUpstream, pair, provider, startProxy } from './support.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]

async function failureOf(url: string, stream = false) {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any' })
  const created = client.chat.completions.create({ model: 'm', messages, stream })
  const error: unknown = await created.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof APIError)) throw new Error('the request did not fail as it should')
  return error as APIError
}

const once = (upstream: FakeUpstream) => [provider('a', upstream.url)]

test.each([true, false])(
  'max_attempts 2 means 2 upstream requests for the SDK with its own retries, streamed: %s',
  async (stream) => {
    const upstream = await fakeUpstream(failing(503))
    const { url } = await startProxy({ providers: once(upstream), max_attempts: 2 })
    const error = await failureOf(url, stream)
    expect(error.status).toBe(503)
    expect(error.headers?.get('x-should-retry')).toBe('false')
    expect(upstream.requests).toHaveLength(2)
  },
)

test.each([500, 502, 504, 529, 501, 408, 409])(
  'status %d is not repeated by the SDK either',
  async (status) => {
    const upstream = await fakeUpstream(failing(status))
    const { url } = await startProxy({ providers: once(upstream), max_attempts: 1 })
    expect((await failureOf(url)).headers?.get('x-should-retry')).toBe('false')
    expect(upstream.requests).toHaveLength(1)
  },
)

test('two providers share one budget', async () => {
  const upstream = await fakeUpstream(failing(503))
  const providers = pair(provider('a', upstream.url), provider('b', upstream.url))
  const { url } = await startProxy({ providers, max_attempts: 3 })
  await failureOf(url)
  expect(upstream.requests).toHaveLength(3)
})

test('accepted, then reset: the answer may have been generated, so it is asked for once', async () => {
  const upstream = await fakeUpstream(({ socket }) => void socket.resetAndDestroy())
  const { url } = await startProxy({ providers: once(upstream) })
  const error = await failureOf(url)
  expect(error.status).toBe(502)
  expect(upstream.requests).toHaveLength(1)
})

test('a rate limit that the gateway did not repeat is left to the SDK', async () => {
  const upstream = await fakeUpstream(failing(429, { 'retry-after-ms': '60000' }))
  const { url } = await startProxy({ providers: once(upstream) })
  const reply = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', messages }),
  })
  expect(reply.status).toBe(429)
  expect(reply.headers.get('retry-after')).toBe('60')
  expect(reply.headers.has('x-should-retry')).toBe(false)
  expect(upstream.requests).toHaveLength(1)
})
