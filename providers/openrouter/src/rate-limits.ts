import { type HeaderMap, limitDuration } from '@llmproxy/provider-kit'

/** The limits of an answer by the names that OpenAI's clients read: the vendor's are of requests, and reset at an epoch in milliseconds. */
export function rateLimits(headers: HeaderMap, nowEpochMs: number): HeaderMap {
  const { 'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining } = headers
  const resetAt = Number(headers['x-ratelimit-reset'] ?? Number.NaN)
  return {
    ...(limit !== undefined && { 'x-ratelimit-limit-requests': limit }),
    ...(remaining !== undefined && { 'x-ratelimit-remaining-requests': remaining }),
    ...(resetAt > 0 && { 'x-ratelimit-reset-requests': limitDuration(resetAt - nowEpochMs) }),
  }
}
