import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { SummaryFailureReason, SummarySpent } from '../metrics/condensation.ts'
import type { Sizer } from './sizer.ts'

/** A message of a summary call. */
export interface SummaryMessage {
  readonly role: 'system' | 'user'
  readonly content: string
}

/** What one summary call said and took, in tokens; `null`: the provider did not tell. */
export interface SummaryAnswer {
  readonly text: string
  readonly inputTokens: number | null
  readonly outputTokens: number | null
  /** It ended because it was as long as it might be. */
  readonly isCut?: true
}

/** What a summary needs of the world. */
export interface SummaryIo {
  /** One call. Rejects with `AskFailed`, or with `AskOverflow` when it is too long for the model that makes summaries. */
  ask(messages: readonly SummaryMessage[], maxTokens: number): Promise<SummaryAnswer>
  /** Ends the calls that still run: nobody wants their answers. Called once at most, after the first failure. */
  abandon(): void
  /** Tokens that the model that makes summaries takes, prompt and answer together; `undefined`: not known. */
  readonly window: number | undefined
  readonly sizer: Sizer
  /** Its answers are known to begin with thoughts, which count. Set when that is found out. */
  thinks: boolean
  readonly settings: Pick<CondensationConfig, 'max_tokens_default' | 'adaptive_factor'>
  /** Milliseconds. */
  now(): number
}

const failedBrand = Symbol.for('llmproxy.AskFailed')
const overflowBrand = Symbol.for('llmproxy.AskOverflow')
const summaryBrand = Symbol.for('llmproxy.SummaryFailed')

/** A summary call that gave no answer. */
export class AskFailed extends Error {
  readonly reason: Exclude<SummaryFailureReason, 'too_large'>

  constructor(reason: Exclude<SummaryFailureReason, 'too_large'>) {
    super(`the summary call failed: ${reason}`)
    this.name = 'AskFailed'
    this.reason = reason
    Object.defineProperty(this, failedBrand, { value: true })
  }

  static is(value: unknown): value is AskFailed {
    return hasBrand(value, failedBrand)
  }
}

/** A summary call that was too long for its model, with the numbers of tokens that the refusal names. */
export class AskOverflow extends Error {
  readonly limit: number | undefined
  readonly requested: number | undefined

  constructor(numbers: { readonly limit?: number; readonly requested?: number } = {}) {
    super('the summary call is too long for its model')
    this.name = 'AskOverflow'
    this.limit = numbers.limit
    this.requested = numbers.requested
    Object.defineProperty(this, overflowBrand, { value: true })
  }

  static is(value: unknown): value is AskOverflow {
    return hasBrand(value, overflowBrand)
  }
}

/** There is no summary. What its calls took until then is to be paid for all the same. */
export class SummaryFailed extends Error {
  readonly reason: SummaryFailureReason
  readonly spent: SummarySpent

  constructor(reason: SummaryFailureReason, spent: SummarySpent, cause?: unknown) {
    super(`there is no summary: ${reason}`, { cause })
    this.name = 'SummaryFailed'
    this.reason = reason
    this.spent = spent
    Object.defineProperty(this, summaryBrand, { value: true })
  }

  static is(value: unknown): value is SummaryFailed {
    return hasBrand(value, summaryBrand)
  }
}

function hasBrand(value: unknown, brand: symbol): boolean {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
}
