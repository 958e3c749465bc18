import type { Conversation } from './conversation.ts'

/** What stays word for word of a conversation that is cut at one place. All sizes in tokens, and without system messages. */
export interface Stay {
  readonly cut: number
  /** The user's messages before the cut that stay as well: from one message to before the other, system messages aside. */
  readonly carriedFrom: number
  readonly carriedTo: number
  readonly carriedTokens: number
  /** Everything that stays, with what is carried. */
  readonly tokens: number
  /** Something does not stay. */
  readonly isLess: boolean
}

/** Every way to cut one conversation. */
export interface Stays {
  /** Where the cut is before the last turn, or at its beginning. Ascending, as all of them. */
  readonly early: readonly Stay[]
  /** Where it is behind the user's messages of the last turn, which are carried. */
  readonly within: readonly Stay[]
  /** Where it is between the user's messages of the last turn. */
  readonly inside: readonly Stay[]
  /** The last of all: what stays is one group of messages, which cannot be parted. `undefined`: so is the whole conversation. */
  readonly last: Stay | undefined
  /** Of system messages. */
  readonly systemTokens: number
  /** Of all others. */
  readonly tokens: number
}

/** `sizes` are those of its messages. Linear in their number. */
export function staysOf(conversation: Conversation, sizes: readonly number[]): Stays {
  const { messages, system, cuts, lastTurn } = conversation
  const { tokens, counts } = sumsOf(sizes, system)
  const runs = runsOf(conversation)
  const all = tokens.at(-1)!
  const lastUser = messages.findLastIndex(({ role }) => role === 'user')
  const stays = cuts.map((cut): Stay => {
    const { from, to } = runs[cut]!
    const carriedTokens = tokens[to]! - tokens[from]!
    const isLess = counts[cut]! > counts[to]! - counts[from]!
    const kept = all - tokens[cut]! + carriedTokens
    return { cut, carriedFrom: from, carriedTo: to, carriedTokens, tokens: kept, isLess }
  })
  return {
    early: stays.filter(({ cut }) => cut <= lastTurn),
    within: stays.filter(({ cut }) => cut > lastUser),
    inside: stays.filter(({ cut }) => cut > lastTurn && cut <= lastUser),
    last: stays.at(-1),
    systemTokens: sizes.reduce((sum, size) => sum + size, 0) - all,
    tokens: all,
  }
}

/** Tokens and number of the messages before each place, system messages aside. */
function sumsOf(sizes: readonly number[], system: ReadonlySet<number>) {
  const tokens = [0]
  const counts = [0]
  for (const [index, size] of sizes.entries()) {
    const isCounted = !system.has(index)
    tokens.push(tokens[index]! + (isCounted ? size : 0))
    counts.push(counts[index]! + (isCounted ? 1 : 0))
  }
  return { tokens, counts }
}

interface Run {
  readonly from: number
  readonly to: number
}

/** For each cut the last run of user messages before it; an empty one where what stays begins with a user message anyway. */
function runsOf({ messages, system }: Conversation): readonly Run[] {
  const runs: Run[] = []
  let run: Run = { from: 0, to: 0 }
  let isOpen = false
  for (const [index, { role }] of messages.entries()) {
    runs.push(run)
    if (system.has(index)) continue
    if (role === 'user') run = { from: isOpen ? run.from : index, to: index + 1 }
    isOpen = role === 'user'
  }
  let first: unknown
  for (let index = messages.length - 1; index >= 0; index--) {
    if (!system.has(index)) first = messages[index]!['role']
    if (first === 'user') runs[index] = { from: index, to: index }
  }
  return runs
}
