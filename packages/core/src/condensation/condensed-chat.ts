import { patchJson } from '../exchange/splice.ts'
import type { Ingress } from '../ingress/ingress.ts'
import type { Conversation } from './conversation.ts'
import type { Plan } from './plan.ts'
import type { Sizer } from './sizer.ts'

/** The conversation of a request, and what becomes of it. */
export interface CondensedInput {
  readonly conversation: Conversation
  readonly plan: Plan
  /** The text of the system message that tells of what is left out. */
  readonly summary: string
  /** Tokens for the messages that stay, system messages aside, by `keptRoom()`; `undefined`: unknown. */
  readonly room: number | undefined
  readonly sizer: Sizer
}

/**
 * The request with a summary in place of its history. Messages that stay are byte for byte those that came; where they are larger than
 * `room`, their longest texts are cut in the middle.
 */
export function condensedChat(ingress: Ingress, { conversation, plan, summary }: CondensedInput): Ingress {
  const own = ingress.body['messages'] as readonly unknown[]
  const messages = [
    ...own.filter((_, index) => index < plan.cut && conversation.system.has(index)),
    { role: 'system', content: summary },
    ...plan.carried.map((index) => own[index]),
    ...own.slice(plan.cut),
  ]
  return { ...ingress, bytes: patchJson(ingress.bytes, { messages }), body: { ...ingress.body, messages } }
}
