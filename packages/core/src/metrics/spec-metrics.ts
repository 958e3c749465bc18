import { type CondensationMetrics, condensationMetrics } from './condensation-metrics.ts'
import type { LedgerSnapshot, ProviderCounters } from './ledger.ts'

export interface SpecProviderMetrics {
  /** 0 to 1. 1 before the first request: nothing has failed. */
  readonly success_rate: number
  /** Attempts at this provider; a request that was retried or fell back counts at each. */
  readonly total_requests: number
  /** Seconds, streams to their end. */
  readonly average_response_time: number
  readonly total_tokens: number
  /** Attempts that failed through no fault of the client. */
  readonly error_count: number
}

/** The JSON of `/metrics`. */
export interface SpecMetrics {
  readonly providers: Readonly<Record<string, SpecProviderMetrics>>
  readonly summary: {
    /** Over all attempts, so a busy provider weighs more. */
    readonly average_success_rate: number
    readonly total_requests: number
    readonly average_response_time: number
    readonly total_tokens: number
  }
  readonly condensation: CondensationMetrics
  /** Unix seconds. */
  readonly timestamp: number
}

type Sums = Readonly<Pick<ProviderCounters, 'attempts' | 'errors' | 'durationMs' | 'tokens'>>

/** The ledger as the specification's `/metrics` answer. */
export function specMetrics(ledger: LedgerSnapshot): SpecMetrics {
  const total = { attempts: 0, errors: 0, durationMs: 0, tokens: 0 }
  for (const each of ledger.providers) {
    total.attempts += each.attempts
    total.errors += each.errors
    total.durationMs += each.durationMs
    total.tokens += each.tokens
  }
  const { success_rate, error_count: _, ...summary } = metricsOf(total)
  return {
    providers: Object.fromEntries(ledger.providers.map((each) => [each.provider, metricsOf(each)])),
    summary: { average_success_rate: success_rate, ...summary },
    condensation: condensationMetrics(ledger.condensation),
    timestamp: ledger.at / 1000,
  }
}

function metricsOf({ attempts, errors, durationMs, tokens }: Sums): SpecProviderMetrics {
  return {
    success_rate: attempts === 0 ? 1 : rounded((attempts - errors) / attempts),
    total_requests: attempts,
    average_response_time: attempts === 0 ? 0 : rounded(durationMs / attempts / 1000),
    total_tokens: tokens,
    error_count: errors,
  }
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
