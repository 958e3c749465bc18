import { expect, test } from 'vitest'
import { rateLimits } from './rate-limits.ts'

test('limits have the names of OpenAI, and the reset is a duration', () => {
  const headers = {
    'x-ratelimit-limit': '20',
    'x-ratelimit-remaining': '0',
    'x-ratelimit-reset': '1700000045000',
  }
  expect(rateLimits(headers, 1_700_000_000_000)).toEqual({
    'x-ratelimit-limit-requests': '20',
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '45s',
  })
})

test('without limits, and with a reset that is no number, nothing is added', () => {
  expect(rateLimits({ 'x-ratelimit-reset': 'soon' }, 0)).toEqual({})
})
