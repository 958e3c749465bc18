import type { OperationName } from '@llmproxy/provider-kit'
import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible'

/** The limits of the configuration; `null` is no limit. */
export interface RateLimitSettings {
  readonly rate_limit_rpm: number | null
  /** Seconds. */
  readonly rate_limit_window: number
  readonly rate_limits: Readonly<Record<OperationName, number | null>>
}

/** Where a caller stands within its most restrictive limit. */
export interface Standing {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the limit's window starts anew. */
  readonly resetMs: number
  /** The configuration key of the limit. */
  readonly setting: string
  readonly refused: boolean
}

interface Limit {
  readonly limiter: RateLimiterMemory
  readonly points: number
  readonly setting: string
}

// Timers hold at most 2^31 ms; the library expires its counters with one.
const longestWindow = 2_147_483

/** Counts requests per caller: all of them together, and those of each operation on its own. */
export interface RateLimits {
  /** Counts one request; `undefined` when no limit applies to it. */
  take(caller: string, operation: OperationName | undefined): Promise<Standing | undefined>
}

export function rateLimits(settings: RateLimitSettings): RateLimits {
  const all = limit(settings.rate_limit_rpm, settings.rate_limit_window, 'rate_limit_rpm')
  const perOperation = new Map<OperationName, readonly Limit[]>()
  for (const [operation, points] of Object.entries(settings.rate_limits) as [
    OperationName,
    number | null,
  ][]) {
    perOperation.set(operation, [...all, ...limit(points, 60, `rate_limits.${operation}`)])
  }
  return {
    async take(caller, operation) {
      let strictest: Standing | undefined
      for (const each of (operation && perOperation.get(operation)) ?? all) {
        const standing = await consume(each, caller)
        if (standing.refused) return standing
        if (strictest === undefined || standing.remaining < strictest.remaining) strictest = standing
      }
      return strictest
    },
  }
}

function limit(points: number | null, window: number, setting: string): readonly Limit[] {
  if (points === null) return []
  const duration = Math.min(window, longestWindow)
  return [{ limiter: new RateLimiterMemory({ points, duration, keyPrefix: '' }), points, setting }]
}

function consume({ limiter, points, setting }: Limit, caller: string): Promise<Standing> {
  const standing = (result: RateLimiterRes, refused: boolean): Standing => ({
    limit: points,
    remaining: result.remainingPoints,
    resetMs: Math.max(0, result.msBeforeNext),
    setting,
    refused,
  })
  // The library rejects with its result, not with an error, when the limit is reached.
  return limiter.consume(caller).then(
    (result) => standing(result, false),
    (result: RateLimiterRes) => standing(result, true),
  )
}
