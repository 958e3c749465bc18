/**
 * What was done to a request that did not fit its model. `summary`: its history was replaced by a summary. `truncated`: a part of it was
 * left out. `max_tokens`: it asked for a longer answer than there was room for.
 */
export const condensedKinds = ['summary', 'truncated', 'max_tokens'] as const
export type CondensedKind = (typeof condensedKinds)[number]

/** Why there was no summary, and the context was truncated, or sent as it was. */
export const summaryFailures = ['timeout', 'failed', 'too_large', 'budget', 'cancelled'] as const
export type SummaryFailureReason = (typeof summaryFailures)[number]

/** Where a summary came from. `shared`: from another request that was waiting for the same one. */
export const summarySources = ['made', 'cache', 'shared'] as const
export type SummarySource = (typeof summarySources)[number]

/** What became of one request that did not fit. */
export interface Condensed {
  readonly kind: CondensedKind
  /** Tokens of the prompt as it came and as it was sent, estimated unless the vendor named them; for `max_tokens`, of the answer. */
  readonly from: number
  readonly to: number
  /** For `summary`. */
  readonly source?: SummarySource
  /** For `truncated`: why there was no summary. */
  readonly reason?: SummaryFailureReason
  /** What summaries could not tell of, each with its number: `{ image: 2 }`. */
  readonly leftOut?: Readonly<Record<string, number>>
  /** Of this request, not of one that it shared: what its summary took. */
  readonly spent?: SummarySpent
}

/** What one summary took, all of its calls together. */
export interface SummarySpent {
  readonly calls: number
  /** Tokens, as far as providers have told them. */
  readonly inputTokens: number
  readonly outputTokens: number
  readonly durationMs: number
}

/** One summary that was made, or failed, whoever waited for it: what is billed to its caller. */
export interface SummaryReport extends SummarySpent {
  /** Of the request that it was begun for. */
  readonly requestId: string
  readonly caller: string
  /** The model that the client asked for. */
  readonly model: string
  /** The last provider that was asked; `null`: none was. */
  readonly provider: string | null
  /** After an answer, when nobody waited for it. */
  readonly background: boolean
  readonly failure?: SummaryFailureReason
}
