import type { Conversation } from './conversation.ts'

/** The summary of a beginning of the conversation that is known already. */
export interface KnownPrefix {
  /** How many messages it tells of. */
  readonly cut: number
  /** Of the summary. */
  readonly tokens: number
}

/** All in tokens. */
export interface PlanInput {
  readonly conversation: Conversation
  /** Of each message, by `messageSizes()`. */
  readonly sizes: readonly number[]
  /** What else the prompt has: definitions of tools and the like. */
  readonly fixed: number
  /** What the prompt may have; `undefined`: unknown. */
  readonly room: number | undefined
  /** Of a new summary, with the words around it. */
  readonly summary: number
  /** How much of the latest conversation may stay word for word; 0: only the last turn does. */
  readonly recent: number
  readonly known: readonly KnownPrefix[]
}

/** What becomes of each message: kept word for word, or told of by the summary. */
export interface Plan {
  /**
   * The summary tells of `messages[0..cut)`. What stands from here on stays. The number of messages: the last of them are too large,
   * so that the summary tells of them as well, and they stay with their longest texts cut.
   */
  readonly cut: number
  /** The summary to build on: the one that is needed when `needsSummary` is false, else one of fewer messages. */
  readonly known?: KnownPrefix
  /** A new summary has to be made. `false` without `known`: there is nothing that one could tell of. */
  readonly needsSummary: boolean
  /** Messages before the cut that stay all the same, in front of what stays: as a rule the user's last. Ascending. */
  readonly carried: readonly number[]
  /** Whether the request fits as planned; `no`: only with texts cut, if at all; `unknown`: so is the room. */
  readonly fits: 'yes' | 'no' | 'unknown'
}

/** Decides what of a conversation that does not fit is summarised, and what stays. */
export function planOf({ conversation, known }: PlanInput): Plan {
  const { cuts, lastTurn, messages } = conversation
  const cut = cuts.findLast((at) => at <= lastTurn) ?? messages.length
  const exact = known.find((prefix) => prefix.cut === cut)
  return { cut, ...(exact && { known: exact }), needsSummary: !exact, carried: [], fits: 'unknown' }
}

/** Tokens that a plan leaves to the messages that stay, system messages aside. `summary`: of the summary that was made. */
export function keptRoom(
  { conversation, sizes, fixed, room }: PlanInput,
  summary: number,
): number | undefined {
  if (room === undefined) return undefined
  let left = room - fixed - summary
  for (const index of conversation.system) left -= sizes[index]!
  return left
}
