import { expect, test } from 'vitest'
import { rateLimits } from './rate-limits.ts'

test('limits have the names of OpenAI, and resets are durations', () => {
  const headers = {
    'anthropic-ratelimit-requests-limit': '50',
    'anthropic-ratelimit-requests-remaining': '49',
    'anthropic-ratelimit-requests-reset': '2026-01-01T00:01:30Z',
    'anthropic-ratelimit-tokens-remaining': '9000',
    'anthropic-ratelimit-tokens-reset': 'soon',
    'anthropic-ratelimit-input-tokens-remaining': '1',
  }
  expect(rateLimits(headers, Date.parse('2026-01-01T00:00:00Z'))).toEqual({
    'x-ratelimit-limit-requests': '50',
    'x-ratelimit-remaining-requests': '49',
    'x-ratelimit-reset-requests': '1m30s',
    'x-ratelimit-remaining-tokens': '9000',
  })
})

test('without limits nothing is added', () => {
  expect(rateLimits({ 'content-type': 'application/json' }, 0)).toEqual({})
})
