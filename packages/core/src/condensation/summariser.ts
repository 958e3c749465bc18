import type { SummarySpent } from '../metrics/condensation.ts'
import type { SummaryIo } from './summary-io.ts'
import { summaryMessages, type SummaryOrder } from './prompt.ts'
import { AskFailed, SummaryFailed } from './summary-failure.ts'

/** A summary, and what its calls took. */
export interface Summary {
  readonly text: string
  readonly spent: SummarySpent
}

/** Makes a summary. Rejects with {@link SummaryFailed} and nothing else. */
export async function summarise(order: SummaryOrder, io: SummaryIo): Promise<Summary> {
  const begun = io.now()
  const spent = () => ({ calls: 1, ...io.took(), durationMs: io.now() - begun })
  try {
    const text = await io.ask(summaryMessages(order), io.settings.max_tokens_default)
    return { text, spent: spent() }
  } catch (error) {
    io.abandon()
    throw new SummaryFailed(AskFailed.is(error) ? error.reason : 'failed', spent(), error)
  }
}
