import type { Ingress, IngressBody } from '../ingress/ingress.ts'
import { conversationOf } from './conversation.ts'
import { chooseCut, tailRoom } from './cut-choice.ts'
import { keptOf } from './kept.ts'
import { shortenedAt } from './shortened.ts'
import type { Sizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'
import { staysOf } from './stays.ts'
import { withMessages } from './with-messages.ts'

/** All in tokens. */
export interface TruncatedTo {
  /** What the prompt may have afterwards. */
  readonly target: number
  /** Of it, what is no message: definitions of tools and the like. */
  readonly fixed: number
  readonly sizer: Sizer
}

/**
 * The request without its oldest messages. System messages and the last turn stay; where that is still more than `target`, the last
 * turn loses its oldest calls and results, then the longest of its texts are cut in the middle. `undefined`: nothing can be left out.
 */
export function truncatedChat(ingress: Ingress, { target, fixed, sizer }: TruncatedTo): Ingress | undefined {
  const conversation = conversationOf(ingress.body['messages'] as readonly unknown[])
  const { messages, system } = conversation
  const sizes = messageSizes(messages, sizer)
  const stays = staysOf(conversation, sizes)
  const room = target - fixed - stays.systemTokens
  if (stays.tokens <= room) return undefined
  const allowance = { room, recent: room, within: room, ease: 1, isGuess: false }
  const kept = new Set(
    keptOf(conversation, sizes, { ...chooseCut(stays, allowance), tail: tailRoom(allowance) }),
  )
  const indices = [...messages.keys()].filter((index) => system.has(index) || kept.has(index))
  const list = shortenedAt(indices, conversation, { most: room, sizer })
  const isSame = list.length === messages.length && list.every((item) => typeof item === 'number')
  return isSame ? undefined : withMessages(ingress, list)
}

/** Tokens of the messages of which something can be left out: all but the system's. */
export function spokenTokens(body: IngressBody, sizer: Sizer): number {
  const conversation = conversationOf(body['messages'] as readonly unknown[])
  return staysOf(conversation, messageSizes(conversation.messages, sizer)).tokens
}
