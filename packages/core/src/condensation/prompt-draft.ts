import type { Ingress } from '../ingress/ingress.ts'
import { condensedCompletion } from './condensed-completion.ts'
import { promptDigest } from './digest.ts'
import type { Draft, FindSummary } from './draft.ts'
import type { Measured } from './measure.ts'
import { promptOf } from './prompt-text.ts'

/** A text completion: its prompt becomes a summary of it. */
export async function promptDraft(ingress: Ingress, measured: Measured, find: FindSummary): Promise<Draft> {
  const { caller, body } = ingress
  const prompt = promptOf(body)!
  const key = promptDigest(caller, body.model, prompt)
  const found = await find([key])
  return {
    key,
    known: found?.summary,
    better: [],
    from: measured.total,
    write: () => ({ before: undefined, transcript: prompt, leftOut: {} }),
    apply: ({ text }) => {
      const condensed = condensedCompletion(ingress, text)
      return { ingress: condensed, joined: undefined, to: measured.sizer.tokens(promptOf(condensed.body)!) }
    },
  }
}
