import type { Ingress } from '../ingress/ingress.ts'
import type { TruncatedTo } from './truncated-chat.ts'

/** A text completion with the end of its prompt, of `target` tokens at most. `undefined`: it has no more than that. */
export function truncatedPrompt(
  _ingress: Ingress,
  _to: Pick<TruncatedTo, 'target' | 'sizer'>,
): Ingress | undefined {
  return undefined
}
