import type { JsonObject } from '@llmproxy/provider-kit'
import type { Conversation } from './conversation.ts'
import { mapTexts, rankOf, type TextRank, textRanks } from './message-texts.ts'
import { middleCut } from './middle-cut.ts'
import type { Sizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'

/** Tokens that a text keeps while there are others to cut; then nothing but the mark has to stay. */
const floors = [256, 0] as const

/** Sizes are estimates, and not quite those of the parts together: so often is another bit cut. */
const mostRounds = 4

/**
 * The messages with `most` tokens together, as far as that can be: the longest texts are cut in the middle, all to the same length; those
 * of results first, those of users last. The same objects where nothing was cut.
 */
export function shortened(
  messages: readonly JsonObject[],
  most: number,
  sizer: Sizer,
): readonly JsonObject[] {
  const levels = { result: Infinity, assistant: Infinity, user: Infinity }
  let list = messages
  let excess = excessOf(list, most, sizer)
  for (const floor of floors)
    for (const rank of textRanks)
      for (let round = 0; round < mostRounds && excess > 0; round++) {
        const sizes = textSizes(list, rank, sizer)
        const all = sizes.reduce((sum, size) => sum + size, 0)
        const level = Math.max(levelOf(sizes, all - excess), floor)
        if (level >= levels[rank] || !sizes.some((size) => size > level)) break
        levels[rank] = level
        // From the texts as they came, so that each has one mark, and a true one.
        list = messages.map((message) => cutTo(message, levels[rankOf(message)], sizer))
        excess = excessOf(list, most, sizer)
      }
  return list
}

function cutTo(message: JsonObject, level: number, sizer: Sizer): JsonObject {
  return level === Infinity ? message : mapTexts(message, (text) => middleCut(text, level, sizer))
}

function excessOf(messages: readonly JsonObject[], most: number, sizer: Sizer): number {
  return messageSizes(messages, sizer).reduce((sum, size) => sum + size, 0) - most
}

function textSizes(messages: readonly JsonObject[], rank: TextRank, sizer: Sizer): readonly number[] {
  const sizes: number[] = []
  for (const message of messages)
    if (rankOf(message) === rank)
      mapTexts(message, (text) => {
        sizes.push(sizer.tokens(text))
        return text
      })
  return sizes
}

/** The size to which the larger ones have to come down for all of them to have `most` together. */
function levelOf(sizes: readonly number[], most: number): number {
  let left = most
  let count = sizes.length
  for (const size of sizes.toSorted((one, other) => one - other)) {
    if (size * count > left) return Math.floor(left / count)
    left -= size
    count -= 1
  }
  return Infinity
}

/**
 * Messages of a conversation by their position, or as they are after their texts were cut so that all of them but the system's have `most`
 * tokens. System messages stay as they are.
 */
export function shortenedAt(
  indices: readonly number[],
  { messages, system }: Conversation,
  { most, sizer }: { readonly most: number; readonly sizer: Sizer },
): readonly (number | JsonObject)[] {
  const cuttable = indices.filter((index) => !system.has(index))
  const own = cuttable.map((index) => messages[index]!)
  const cut = new Map(shortened(own, most, sizer).map((message, at) => [cuttable[at], message]))
  return indices.map((index) => {
    const message = cut.get(index)
    return message === undefined || message === messages[index] ? index : message
  })
}
