import type { Transcript } from './agent-transcript.ts'
import type { TurnFindings } from './drive.ts'

/** What went missing on the way from the client to the model, over a whole run. */
export interface Losses {
  /** Marks of lines that a summary was made of although one had been made of them before. */
  readonly repeated: readonly string[]
  /** Marks of lines that the model never got, and no summary either. */
  readonly unseen: readonly string[]
  /** Facts that were known at a request, and not in what the model was sent with it. */
  readonly forgotten: readonly string[]
}

const marks = /#\d+[a-z]\.\d+(?=;)/g

/** Follows every line and every fact of the transcript through the requests of a run. */
export function lossesOf({ history, requests, facts }: Transcript, run: readonly TurnFindings[]): Losses {
  const inHistory = history.map((message) => marksIn(JSON.stringify(message)))
  const summarised = new Set<string>()
  const repeated: string[] = []
  const unseen = new Set<string>()
  const forgotten: string[] = []
  for (const [index, { sent, summaries }] of run.entries()) {
    const { until } = requests[index]!
    for (const mark of summaries.flatMap(marksIn)) {
      if (summarised.has(mark)) repeated.push(`${mark} at request ${index}`)
      summarised.add(mark)
    }
    const inSent = new Set(marksIn(sent))
    for (const mark of inHistory.slice(0, until).flat())
      if (!inSent.has(mark) && !summarised.has(mark)) unseen.add(mark)
    for (const { text, message } of facts)
      if (message < until && !sent.includes(text)) forgotten.push(`${text} at request ${index}`)
  }
  return { repeated, unseen: [...unseen], forgotten }
}

function marksIn(text: string): readonly string[] {
  return text.match(marks) ?? []
}
