import {
  type Condensed,
  type CondensedKind,
  condensedKinds,
  type SummaryFailureReason,
  summaryFailures,
  type SummaryReport,
  type SummarySource,
  summarySources,
} from './condensation.ts'
import { durationBounds, Histogram } from './histogram.ts'
import { zeros } from './zeros.ts'

/** What was done to requests that did not fit, and what their summaries took, as it is now. */
export interface CondensationCounts {
  /** Requests. */
  readonly condensed: Readonly<Record<CondensedKind, number>>
  /** Requests that were last asked with a summary, by where it came from. */
  readonly sources: Readonly<Record<SummarySource, number>>
  /** Tokens of prompts that were not sent; of the prompt only, so a lowered `max_tokens` saves none. */
  readonly tokensSaved: number
  /** Summaries that came to nothing, whoever waited for them. */
  readonly failures: Readonly<Record<SummaryFailureReason, number>>
  /** Tokens that summaries took, failed ones as well. */
  readonly spent: Readonly<Record<'input' | 'output', number>>
  /** How long summaries took, failed ones as well; only those for which a provider was asked. */
  readonly seconds: Histogram
}

/** Counters of condensation. */
export class CondensationCounters {
  readonly #condensed = zeros(condensedKinds)
  readonly #sources = zeros(summarySources)
  readonly #failures = zeros(summaryFailures)
  readonly #spent = zeros(['input', 'output'])
  readonly #seconds = new Histogram(durationBounds)
  #tokensSaved = 0

  /** Once for each request that was condensed. */
  condensed({ kind, source, from, to }: Condensed): void {
    this.#condensed[kind] += 1
    if (source !== undefined) this.#sources[source] += 1
    // Numbers are estimates, and a counter never goes down.
    if (kind !== 'max_tokens') this.#tokensSaved += Math.max(0, from - to)
  }

  /** Once for each summary that was made, or failed. */
  summary({ failure, inputTokens, outputTokens, durationMs, provider }: SummaryReport): void {
    if (failure !== undefined) this.#failures[failure] += 1
    this.#spent.input += inputTokens
    this.#spent.output += outputTokens
    if (provider !== null) this.#seconds.record(durationMs / 1000)
  }

  /** A live view: read it at once. */
  get counts(): CondensationCounts {
    return {
      condensed: this.#condensed,
      sources: this.#sources,
      tokensSaved: this.#tokensSaved,
      failures: this.#failures,
      spent: this.#spent,
      seconds: this.#seconds,
    }
  }
}
