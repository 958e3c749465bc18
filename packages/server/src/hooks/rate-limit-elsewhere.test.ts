import { expect, test } from 'vitest'
import { chat, errorOf, serve } from '../../test/serve.ts'
import { rateLimits } from '../rate-limits.ts'
import type { Counter, Verdict } from '../store/counter.ts'

const none = { chat: null, completions: null, embeddings: null, images: null, videos: null, messages: null }
const standing = { limit: 5, remaining: 4, resetMs: 30_000, setting: 'rate_limit_rpm', refused: false }

/** A server whose requests are counted somewhere else, which takes a moment and says this. */
function serveCounted(verdict: Verdict) {
  const counter: Counter = {
    hit: () => new Promise((resolve) => setTimeout(resolve, 1, verdict)),
  }
  const settings = { rate_limit_rpm: 5, rate_limit_window: 60, rate_limits: none }
  return serve({ ...settings, limits: rateLimits(settings, counter) })
}

test('a standing that is told later is answered as one that is known at once', async () => {
  const { post, gateway } = await serveCounted(standing)
  const answer = await post('/v1/chat/completions', chat)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-ratelimit-remaining-requests')).toBe('4')
  expect(gateway.seen).toHaveLength(1)
})

test('so is a refusal', async () => {
  const { post, gateway } = await serveCounted({ ...standing, remaining: 0, refused: true })
  const answer = await post('/v1/chat/completions', chat)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '30'])
  expect([gateway.seen, gateway.limited]).toEqual([[], ['chat']])
})

test('limits that cannot be looked up are 503, not 401 or 429, and say when to come back', async () => {
  const { post, gateway } = await serveCounted({ unknown: true, retryAfterMs: 1_000 })
  const answer = await post('/v1/chat/completions', chat)
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1'])
  expect(answer.headers.get('x-should-retry')).toBeNull()
  expect(answer.headers.get('x-ratelimit-limit-requests')).toBeNull()
  expect(await errorOf(answer)).toMatchObject({
    type: 'service_unavailable_error',
    code: 'rate_limit_unavailable',
    message: expect.stringContaining('redis_failure: fail_closed') as string,
  })
  expect([gateway.seen, gateway.limited]).toEqual([[], []])
})

test('what tells of the gateway is answered then, all the same', async () => {
  const { get } = await serveCounted({ unknown: true, retryAfterMs: 1_000 })
  for (const path of ['/health', '/metrics', '/providers', '/v1/models', '/readyz', '/livez']) {
    expect([path, (await get(path)).status]).toEqual([path, 200])
  }
})
