/**
 * The pause in milliseconds before a retry: exponential with full jitter, `random() × min(cap, delay × 2^(n-1))`.
 * Full jitter spreads the clients of a recovering upstream evenly; a fixed part would only synchronise them.
 * `retryNumber` is 1 for the first retry.
 */
export function backoffMs(retryNumber: number, delayMs: number, capMs: number, random: () => number): number {
  const exponent = Math.min(Math.max(retryNumber, 1) - 1, 52)
  return random() * Math.max(0, Math.min(capMs, delayMs * 2 ** exponent))
}
