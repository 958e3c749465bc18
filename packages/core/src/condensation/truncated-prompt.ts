import type { Ingress } from '../ingress/ingress.ts'
import { withPrompt } from './condensed-completion.ts'
import { borderAfter } from './middle-cut.ts'
import { promptOf } from './prompt-text.ts'
import type { Sizer } from './sizer.ts'
import type { TruncatedTo } from './truncated-chat.ts'

/** A text completion with the end of its prompt, of `target` tokens at most. `undefined`: nothing can be left out. */
export function truncatedPrompt(
  ingress: Ingress,
  { target, sizer }: Pick<TruncatedTo, 'target' | 'sizer'>,
): Ingress | undefined {
  const prompt = promptOf(ingress.body)
  if (prompt === undefined) return undefined
  const end = endOf(prompt, target, sizer)
  return end === prompt || end === '' ? undefined : withPrompt(ingress, end)
}

/** What is asked for stands at the end, so that it is the beginning that goes. No mark: a model would write on from it. */
function endOf(prompt: string, most: number, sizer: Sizer): string {
  let end = prompt
  for (let size = sizer.tokens(end); size > most && end !== ''; size = sizer.tokens(end)) {
    const share = Math.min(0.99, Math.max(0, most) / size)
    end = end.slice(borderAfter(end, end.length - Math.floor(end.length * share)))
  }
  return end
}
