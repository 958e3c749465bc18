import type { JsonObject } from '@llmproxy/provider-kit'
import type { Ingress } from '../ingress/ingress.ts'
import type { Conversation } from './conversation.ts'
import { shortenedAt } from './shortened.ts'
import type { Plan } from './plan.ts'
import type { Sizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'
import { withMessages } from './with-messages.ts'

/** A condensed request, and where its summary stands among its messages. */
export interface CondensedRequest {
  readonly ingress: Ingress
  readonly summaryAt: number
}

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
 * byte for byte those that came, unless they are larger than `room`: then the longest texts are cut in the middle, those of messages
 * before the cut first.
 */
export function condensedChat(ingress: Ingress, input: CondensedInput): CondensedRequest {
  const { conversation, plan, summary } = input
  const { messages, system } = conversation
  const indices = [...messages.keys()]
  const told: JsonObject = { role: 'system', content: summary }
  const front = indices.slice(0, plan.cut).filter((index) => system.has(index))
  const kept = keptWithin(indices.slice(plan.cut), input)
  return { ingress: withMessages(ingress, [...front, told, ...kept]), summaryAt: front.length }
}

function keptWithin(
  rest: readonly number[],
  { conversation, plan: { carried }, room, sizer }: CondensedInput,
): readonly (number | JsonObject)[] {
  if (room === undefined) return [...carried, ...rest]
  const { messages, system } = conversation
  const own = rest.filter((index) => !system.has(index)).map((index) => messages[index]!)
  const ownTokens = messageSizes(own, sizer).reduce((sum, size) => sum + size, 0)
  if (ownTokens > room) return shortenedAt([...carried, ...rest], conversation, { most: room, sizer })
  return [...shortenedAt(carried, conversation, { most: room - ownTokens, sizer }), ...rest]
}
