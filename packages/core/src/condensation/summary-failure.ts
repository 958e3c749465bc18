import type { SummaryFailureReason, SummarySpent } from '../metrics/condensation.ts'

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
