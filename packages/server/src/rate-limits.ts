import type { OperationName } from '@llmproxy/provider-kit'
import type { Counter, Limit, Verdict } from './store/counter.ts'

/** The limits of the configuration; `null` is no limit. */
export interface RateLimitSettings {
  readonly rate_limit_rpm: number | null
  /** Seconds. */
  readonly rate_limit_window: number
  readonly rate_limits: Readonly<Record<OperationName, number | null>>
}

/** Counts requests per caller: all of them together, and those of each operation on its own. */
export interface RateLimits {
  /** Counts one request; `undefined` when no limit applies to it. A promise only where the counter asks elsewhere. */
  take(caller: string, operation: OperationName | undefined): Verdict | undefined | Promise<Verdict>
  /** Limits of a reloaded configuration, from the next request on. What is counted so far stays. */
  configure(settings: RateLimitSettings): void
}

export function rateLimits(settings: RateLimitSettings, counter: Counter): RateLimits {
  let limits = limitsOf(settings)
  return {
    take(caller, operation) {
      const applying = (operation && limits.byOperation.get(operation)) ?? limits.all
      return applying.length === 0 ? undefined : counter.hit(caller, applying)
    },
    configure(changed) {
      limits = limitsOf(changed)
    },
  }
}

interface Limits {
  readonly all: readonly Limit[]
  readonly byOperation: ReadonlyMap<OperationName, readonly Limit[]>
}

const minuteMs = 60_000

function limitsOf({ rate_limit_rpm, rate_limit_window, rate_limits }: RateLimitSettings): Limits {
  const all = limit('rate_limit_rpm', rate_limit_rpm, Math.ceil(rate_limit_window * 1000))
  const own = Object.entries(rate_limits) as [OperationName, number | null][]
  const byOperation = own.map(
    ([operation, points]) =>
      [operation, [...all, ...limit(`rate_limits.${operation}`, points, minuteMs)]] as const,
  )
  return { all, byOperation: new Map(byOperation) }
}

function limit(setting: string, points: number | null, windowMs: number): readonly Limit[] {
  return points === null ? [] : [{ setting, points, windowMs }]
}
