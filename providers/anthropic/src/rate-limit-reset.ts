import type { HeaderMap } from '@llmproxy/provider-kit'

const limits = ['requests', 'tokens', 'input-tokens', 'output-tokens']
const prefixes = ['anthropic-ratelimit', 'anthropic-priority']

/**
 * Milliseconds until the limits that are used up are renewed, or `undefined`. The reset times are points in time, so they
 * are measured against the answer's own `date`: our clock may be wrong, and the answer stays a pure function.
 */
export function resetWait(headers: HeaderMap): number | undefined {
  const now = Date.parse(headers['date'] ?? '')
  if (Number.isNaN(now)) return undefined
  const names = prefixes.flatMap((prefix) => limits.map((limit) => `${prefix}-${limit}`))
  const resets = names.filter((name) => !Number.isNaN(resetAt(headers, name)))
  // Token counts are rounded to thousands: when none reads 0, any of them may be the one.
  const usedUp = resets.filter((name) => headers[`${name}-remaining`] === '0')
  const times = (usedUp.length > 0 ? usedUp : resets).map((name) => resetAt(headers, name))
  return times.length === 0 ? undefined : Math.max(0, Math.max(...times) - now)
}

function resetAt(headers: HeaderMap, name: string): number {
  return Date.parse(headers[`${name}-reset`] ?? '')
}
