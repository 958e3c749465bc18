import type { JsonObject } from '@llmproxy/provider-kit'
import type { Ingress } from '../ingress/ingress.ts'
import type { Conversation } from './conversation.ts'
import { shortenedAt } from './shortened.ts'
import type { Plan } from './plan.ts'
import type { Sizer } from './sizer.ts'
import { withMessages } from './with-messages.ts'

/** The conversation of a request, and what becomes of it. */
export interface CondensedInput {
  readonly conversation: Conversation
  readonly plan: Plan
  /** The text of the system message that tells of what is left out. */
  readonly summary: string
  /** Tokens for the messages that stay, system messages aside, by `keptRoom()`; `undefined`: as many as they have. */
  readonly room: number | undefined
  readonly sizer: Sizer
}

/**
 * The request with a summary in place of its history: the system messages of the history, the summary, the messages that stay. They are
 * byte for byte those that came, unless they are larger than `room`: then their longest texts are cut in the middle.
 */
export function condensedChat(ingress: Ingress, input: CondensedInput): Ingress {
  const { conversation, plan, summary, room = Infinity, sizer } = input
  const { messages, system } = conversation
  const indices = [...messages.keys()]
  const told: JsonObject = { role: 'system', content: summary }
  const kept = [...plan.carried, ...indices.slice(plan.cut)]
  return withMessages(ingress, [
    ...indices.slice(0, plan.cut).filter((index) => system.has(index)),
    told,
    ...shortenedAt(kept, conversation, { most: room, sizer }),
  ])
}
