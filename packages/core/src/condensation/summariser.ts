import type { SummarySpent } from '../metrics/condensation.ts'
import { mergeMessages, summaryMessages, type SummaryOrder } from './prompt.ts'
import { type Material, SummaryCalls } from './summary-calls.ts'
import { SummaryFailed, type SummaryIo } from './summary-io.ts'
import { piecesOf } from './text-pieces.ts'

/** A summary, and what its calls took. */
export interface Summary {
  readonly text: string
  readonly spent: SummarySpent
}

/** One summary in the making. */
interface Making {
  readonly calls: SummaryCalls
  /** Made of one text. */
  readonly ofText: (order: SummaryOrder) => Material
  /** Made of several summaries. */
  readonly ofSummaries: (summaries: readonly string[]) => Material
}

/**
 * Makes a summary with one call where the text fits the model that makes it; else with one for each piece, and summaries of their
 * summaries. At most `mostCalls` calls. Rejects with {@link SummaryFailed}.
 */
export async function summarise(order: SummaryOrder, io: SummaryIo): Promise<Summary> {
  const making = makingOf(io)
  const { calls } = making
  try {
    const text = order.transcript === '' ? (order.before ?? '') : await summaryOf(order, making)
    if (text === '') throw calls.fail('failed')
    return { text, spent: calls.spent() }
  } catch (error) {
    throw SummaryFailed.is(error) ? error : calls.fail('failed', error)
  }
}

async function summaryOf(order: SummaryOrder, making: Making): Promise<string> {
  const { calls } = making
  const whole = await calls.ask(making.ofText(order))
  if (whole !== undefined) return whole
  const { before, transcript } = order
  if (before === undefined) return merged(await summariesOf(transcript, making), making)
  // Another model, with more room, may have made it.
  const isLong = calls.size(making.ofSummaries([before])) > calls.room / 2
  const [earlier, later] = await Promise.all([
    isLong ? summariesOf(before, making) : [before],
    summariesOf(transcript, making),
  ])
  return merged([...earlier, ...later], making)
}

/** Summaries of all pieces of a text, in order. */
async function summariesOf(transcript: string, making: Making): Promise<readonly string[]> {
  const { calls, ofText } = making
  const pieces = piecesOf(transcript, {
    size: (piece) => calls.size(ofText({ before: undefined, transcript: piece })),
    room: calls.room,
    // One is for the summary of the summaries.
    most: calls.left - 1,
  })
  if (pieces === undefined) throw calls.fail('too_large')
  const summaries = await Promise.all(
    pieces.map(async (piece) => {
      const summary = await calls.ask(ofText({ before: undefined, transcript: piece }))
      // There is less room than was known when the pieces were cut.
      return summary === undefined ? summariesOf(piece, making) : [summary]
    }),
  )
  return summaries.flat()
}

/** One summary of several. */
async function merged(summaries: readonly string[], making: Making): Promise<string> {
  const { calls } = making
  if (summaries.length === 1) return summaries[0]!
  const summary = await calls.ask(making.ofSummaries(summaries))
  if (summary !== undefined) return summary
  const groups = groupsOf(summaries, making)
  // None fits beside another one: nothing would become less.
  if (groups.length === summaries.length) throw calls.fail('too_large')
  return merged(await Promise.all(groups.map((group) => merged(group, making))), making)
}

/** Neighbours that fit one call together. */
function groupsOf(summaries: readonly string[], { calls, ofSummaries }: Making): readonly string[][] {
  const groups: string[][] = []
  for (const summary of summaries) {
    const last = groups.at(-1)
    if (last !== undefined && calls.size(ofSummaries([...last, summary])) <= calls.room) last.push(summary)
    else groups.push([summary])
  }
  return groups
}

function makingOf(io: SummaryIo): Making {
  const { sizer, settings } = io
  const units = (text: string) => (sizer.exact ? sizer.tokens(text) : text.length)
  return {
    calls: new SummaryCalls(io),
    ofText: (order) => ({
      // An earlier summary was shortened once: to shorten it again with every turn would leave nothing of it.
      deserves: units(order.transcript) * settings.adaptive_factor + units(order.before ?? ''),
      messages: (maxTokens) => summaryMessages(order, maxTokens),
    }),
    ofSummaries: (summaries) => ({
      deserves: summaries.reduce((sum, summary) => sum + units(summary), 0),
      messages: (maxTokens) => mergeMessages(summaries, maxTokens),
    }),
  }
}
