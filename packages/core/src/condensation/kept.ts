import type { Conversation } from './conversation.ts'
import type { Choice } from './cut-choice.ts'

/** Which messages stay, and how much of what the user said where not all of it can. */
export interface KeptInput extends Choice {
  /** Tokens. */
  readonly tail: number
}

/** The messages that stay beside the system's, ascending. */
export function keptOf(
  conversation: Conversation,
  sizes: readonly number[],
  { rule, stay, tail }: KeptInput,
): readonly number[] {
  const { messages, system } = conversation
  const range = (from: number, to: number) => {
    const indices: number[] = []
    for (let index = from; index < to; index++) if (!system.has(index)) indices.push(index)
    return indices
  }
  if (stay === undefined) return range(0, messages.length)
  const run = range(stay.carriedFrom, stay.carriedTo)
  const isWhole = rule !== 'tail' && rule !== 'cut'
  return [...(isWhole ? run : lastOf(run, sizes, tail)), ...range(stay.cut, messages.length)]
}

/** The last of them with at most `most` tokens together, one at least. */
function lastOf(indices: readonly number[], sizes: readonly number[], most: number): readonly number[] {
  let first = indices.length - 1
  let tokens = sizes[indices[first]!]!
  while (first > 0 && tokens + sizes[indices[first - 1]!]! <= most) tokens += sizes[indices[--first]!]!
  return indices.slice(Math.max(first, 0))
}

/** Tokens of messages. */
export function keptTokens(indices: readonly number[], sizes: readonly number[]): number {
  return indices.reduce((sum, index) => sum + sizes[index]!, 0)
}
