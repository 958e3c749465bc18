import type { Ingress } from '../ingress/ingress.ts'
import type { KnownSummary } from './summary-cache.ts'
import type { Written } from './summaries.ts'

/** How a request that is too long is to be condensed. */
export interface Draft {
  /** Of the summary that it needs. */
  readonly key: string
  /** That summary, where it is known already. */
  readonly known: KnownSummary | undefined
  /** Of other summaries that would tell of more than what is known, that of most first. */
  readonly better: readonly string[]
  /** Tokens of the prompt as it came. */
  readonly from: number
  /** What the summary is to be made of. */
  readonly write: () => Written
  readonly apply: (summary: KnownSummary) => Applied
}

/** The request with the summary in it. */
export interface Applied {
  readonly ingress: Ingress
  /** The same with the summary in a message of the client's, where there is one for it. */
  readonly joined: (() => Ingress) | undefined
  /** Tokens of its prompt. */
  readonly to: number
}

/** The first of `keys` of which there is a summary. */
export type FindSummary = (
  keys: readonly string[],
) => Promise<{ readonly key: string; readonly summary: KnownSummary } | undefined>
