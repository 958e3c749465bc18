import type { SummaryFailureReason, SummarySource, CondensedKind } from './condensation.ts'
import type { CondensationCounts } from './condensation-counters.ts'

/** `condensation` in the JSON of `/metrics`. */
export interface CondensationMetrics {
  /** Requests that did not fit, by what was done to them. */
  readonly requests: Readonly<Record<CondensedKind, number>>
  readonly tokens_saved: number
  /** Summaries that stood in requests, by where they came from. */
  readonly summaries: Readonly<Record<SummarySource, number>>
  readonly summary_failures: Readonly<Record<SummaryFailureReason, number>>
  /** Part of the `total_tokens` of the providers that were asked. */
  readonly summary_tokens: Readonly<Record<'input' | 'output', number>>
}

/** The counters of condensation as JSON. */
export function condensationMetrics(counts: CondensationCounts): CondensationMetrics {
  return {
    requests: { ...counts.condensed },
    tokens_saved: counts.tokensSaved,
    summaries: { ...counts.sources },
    summary_failures: { ...counts.failures },
    summary_tokens: { ...counts.spent },
  }
}
