import { type Allowance, allowanceOf } from './allowance.ts'
import type { Conversation } from './conversation.ts'
import { type Choice, chooseCut, ruleFor, tailRoom } from './cut-choice.ts'
import { keptOf, keptTokens } from './kept.ts'
import { staysOf } from './stays.ts'

/** The summary of a beginning of the conversation that is known already. */
export interface KnownPrefix {
  /** How many messages it tells of. */
  readonly cut: number
  /** Of the summary, with the words around it. */
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

/** What becomes of each message: told of by the summary, or kept word for word. */
export interface Plan {
  /**
   * The summary tells of `messages[0..cut)`. What stands from here on stays. The number of messages: the last of them are too large,
   * so that the summary tells of them as well, and they stay with their longest texts cut.
   */
  readonly cut: number
  /** The summary to build on: the one that is needed when `needsSummary` is false, else one of fewer messages. */
  readonly known?: KnownPrefix
  /** A new summary has to be made. `false` without `known`: there is nothing that one could tell of, or nothing to gain. */
  readonly needsSummary: boolean
  /** Messages before the cut that stay all the same, in front of what stays: as a rule the user's last. Ascending. */
  readonly carried: readonly number[]
  /** Whether the request fits as planned; `no`: only with texts cut, if at all; `unknown`: so is the room. */
  readonly fits: 'yes' | 'no' | 'unknown'
}

/**
 * Decides what of a conversation that does not fit is summarised, and what stays. A known summary is used again for as long as what
 * came after it fits; else a new one builds on it. Pure, and linear in the number of messages.
 */
export function planOf(input: PlanInput): Plan {
  const { conversation, sizes, fixed, room = 0, summary } = input
  const stays = staysOf(conversation, sizes)
  const fresh = allowanceOf(input, stays, summary)
  const choice = chooseCut(stays, fresh)
  // What fits as it is loses nothing for a summary of what stays.
  const isIdle = ['tail', 'cut'].includes(choice.rule) && fixed + stays.systemTokens + stays.tokens <= room
  if (isIdle || conversation.system.size === sizes.length)
    return { cut: 0, needsSummary: false, carried: [], fits: isIdle ? 'yes' : 'no' }
  const known = input.known.toSorted((left, right) => right.cut - left.cut)
  for (const prefix of known) {
    const allowance = allowanceOf(input, stays, prefix.tokens)
    const isSame = prefix.cut === cutOf(choice, sizes.length)
    const again = isSame ? choice : ruleFor(stays, prefix.cut, choice, allowance)
    if (again !== undefined)
      return { ...planned(input, again, allowance), known: prefix, needsSummary: false }
  }
  const plan = planned(input, choice, fresh)
  const shorter = known.find(({ cut }) => cut < plan.cut)
  return { ...plan, ...(shorter && { known: shorter }), needsSummary: true }
}

function planned(
  { conversation, sizes }: PlanInput,
  choice: Choice,
  allowance: Allowance,
): Pick<Plan, 'cut' | 'carried' | 'fits'> {
  const cut = cutOf(choice, conversation.messages.length)
  const kept = keptOf(conversation, sizes, { ...choice, tail: tailRoom(allowance) })
  const carried = kept.filter((index) => index < cut)
  const tokens = keptTokens(kept, sizes)
  const fits = allowance.isGuess ? 'unknown' : tokens <= allowance.room ? 'yes' : 'no'
  return { cut, carried, fits }
}

/** What stays of a group that is too large is told of by the summary as well. */
function cutOf({ rule, stay }: Choice, end: number): number {
  return rule === 'cut' || stay === undefined ? end : stay.cut
}

/**
 * Tokens that a plan leaves to the messages that stay, system messages aside. `undefined`: as many as they have. `summary`: of the one
 * that was made, with the words around it.
 */
export function keptRoom(input: PlanInput, plan: Plan, summary: number): number | undefined {
  const { conversation, sizes } = input
  const stays = staysOf(conversation, sizes)
  const allowance = allowanceOf(input, stays, summary)
  if (!allowance.isGuess) return allowance.room
  const suffix = sizes
    .map((_, index) => index)
    .filter((index) => index >= plan.cut && !conversation.system.has(index))
  const kept = keptTokens([...plan.carried, ...suffix], sizes)
  return kept <= allowanceOf(input, stays, input.summary).room
    ? undefined
    : Math.max(stays.tokens / 2 - summary, allowance.within)
}
