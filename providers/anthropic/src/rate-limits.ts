import { type HeaderMap, limitDuration } from '@llmproxy/provider-kit'

/** The limits that OpenAI's clients know, by the vendor's names. Input and output tokens have limits of their own there; not here. */
const limits = ['requests', 'tokens'] as const

/** The limits of an answer by the names that OpenAI's clients read; resets, which are points in time, as durations. */
export function rateLimits(headers: HeaderMap, nowEpochMs: number): HeaderMap {
  const named: Record<string, string> = {}
  for (const limit of limits) {
    const own = `anthropic-ratelimit-${limit}`
    for (const part of ['limit', 'remaining']) {
      const value = headers[`${own}-${part}`]
      if (value !== undefined) named[`x-ratelimit-${part}-${limit}`] = value
    }
    const resetAt = Date.parse(headers[`${own}-reset`] ?? '')
    if (!Number.isNaN(resetAt)) named[`x-ratelimit-reset-${limit}`] = limitDuration(resetAt - nowEpochMs)
  }
  return named
}
