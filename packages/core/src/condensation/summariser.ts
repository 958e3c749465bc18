import type { SummarySpent } from '../metrics/condensation.ts'
import { summaryMessages, type SummaryOrder } from './prompt.ts'
import { AskFailed, type SummaryIo, SummaryFailed } from './summary-io.ts'

/** A summary, and what its calls took. */
export interface Summary {
  readonly text: string
  readonly spent: SummarySpent
}

/** Makes a summary. Rejects with {@link SummaryFailed} and nothing else. */
export async function summarise(order: SummaryOrder, io: SummaryIo): Promise<Summary> {
  const begun = io.now()
  const spent = (input: number | null, output: number | null) => ({
    calls: 1,
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    durationMs: io.now() - begun,
  })
  try {
    const answer = await io.ask(
      summaryMessages(order, io.settings.max_tokens_default),
      io.settings.max_tokens_default,
    )
    return { text: answer.text, spent: spent(answer.inputTokens, answer.outputTokens) }
  } catch (error) {
    io.abandon()
    throw new SummaryFailed(AskFailed.is(error) ? error.reason : 'failed', spent(null, null), error)
  }
}
