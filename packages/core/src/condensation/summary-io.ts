import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { SummarySpent } from '../metrics/condensation.ts'
import type { Sizer } from './sizer.ts'

/** A message of a summary call. */
export interface SummaryMessage {
  readonly role: 'system' | 'user'
  readonly content: string
}

/** What a summary needs of the world. */
export interface SummaryIo {
  /** One call, and its text. Rejects with `AskFailed`, or with `AskOverflow` when it is too long for the model that makes summaries. */
  ask(messages: readonly SummaryMessage[], maxTokens: number): Promise<string>
  /** Ends the calls that still run: nobody wants their answers. Called once at most, after the first failure. */
  abandon(): void
  /** What all calls took so far, those that failed too, as far as providers have told. Asked once, at the end. */
  took(): Pick<SummarySpent, 'inputTokens' | 'outputTokens'>
  /** Tokens that the model that makes summaries takes, prompt and answer together; `undefined`: not known. */
  readonly window: number | undefined
  readonly sizer: Sizer
  readonly settings: Pick<CondensationConfig, 'max_tokens_default' | 'adaptive_factor'>
  /** Milliseconds. */
  now(): number
}
