import { expect, test } from 'vitest'
import { chat, errorOf, serve } from '../../test/serve.ts'

const none = { chat: null, completions: null, embeddings: null, images: null, videos: null, messages: null }

test('each answer says where the key stands, by its most restrictive limit', async () => {
  const { post } = await serve({ rate_limit_rpm: 10, rate_limits: { ...none, chat: 3 } })
  const first = await post('/v1/chat/completions', chat)
  expect(first.headers.get('x-ratelimit-limit-requests')).toBe('3')
  expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('2')
  expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^(?:1m0s|59s)$/)
  const embeddings = await post('/v1/embeddings', { model: 'json', input: 'x' })
  expect(embeddings.headers.get('x-ratelimit-limit-requests')).toBe('10')
  expect(embeddings.headers.get('x-ratelimit-remaining-requests')).toBe('8')
})

test('above the limit of an operation a request is refused with 429, and other operations are not', async () => {
  const { post, gateway } = await serve({ rate_limits: { ...none, chat: 2 } })
  await post('/v1/chat/completions', chat)
  await post('/chat/completions', chat)
  const refused = await post('/v1/chat/completions', chat)
  expect(refused.status).toBe(429)
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50)
  expect(refused.headers.get('x-ratelimit-remaining-requests')).toBe('0')
  expect(await errorOf(refused)).toMatchObject({
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    message: expect.stringContaining('2 requests of clients without a key (rate_limits.chat)'),
    param: null,
  })
  expect((await post('/v1/embeddings', { model: 'json', input: 'x' })).status).toBe(200)
  expect(gateway.seen).toHaveLength(3)
  expect(gateway.limited).toEqual(['chat'])
})

test('the global limit counts all endpoints of a key together, for its own window', async () => {
  const { post, get } = await serve({ rate_limit_rpm: 2, rate_limit_window: 3600 })
  await get('/v1/models')
  await post('/v1/chat/completions', chat)
  const refused = await get('/health')
  expect(refused.status).toBe(429)
  expect(refused.headers.get('x-ratelimit-reset-requests')).toMatch(/^(?:1h0m0s|59m\d+s)$/)
  expect((await get('/livez')).status).toBe(200)
})

test('a window passes', async () => {
  const { get } = await serve({ rate_limit_rpm: 1, rate_limit_window: 0.05 })
  expect((await get('/v1/models')).status).toBe(200)
  await expect.poll(async () => (await get('/v1/models')).status, { interval: 30 }).toBe(200)
})

test('each key has its own count', async () => {
  const { get } = await serve({ rate_limit_rpm: 1, api_keys: ['first-key', 'second-key'] })
  expect((await get('/v1/models', { 'x-api-key': 'first-key' })).status).toBe(200)
  const refused = await get('/v1/models', { 'x-api-key': 'first-key' })
  expect(refused.status).toBe(429)
  expect((await errorOf(refused)).message).toContain('1 requests of this key (rate_limit_rpm)')
  expect((await get('/v1/models', { 'x-api-key': 'second-key' })).status).toBe(200)
})

test('requests without a valid key are not counted', async () => {
  const { get } = await serve({ rate_limit_rpm: 1, api_keys: ['first-key'] })
  for (let n = 0; n < 3; n += 1) expect((await get('/v1/models')).status).toBe(401)
  expect((await get('/v1/models', { 'x-api-key': 'first-key' })).status).toBe(200)
})
