/** Gives tool calls ids of letters, digits, `_` and `-`, at most 64, and unique in the conversation. */
export interface CallIds {
  /** The id for a call of the current assistant turn; `undefined` when the turn already has that id. */
  issue(id: string): string | undefined
  /** The id given to a call of the latest assistant turn; `undefined` when there is no such call. */
  find(id: string): string | undefined
  /** Forgets the turn; the ids stay taken. */
  nextTurn(): void
}

const longest = 64
/** Characters of an id that stay whatever number is put behind it. */
const stemLength = longest - 8

/**
 * Other vendors' ids contain other characters, and some vendors count from 0 in every turn. The ids given depend on
 * earlier turns only, so a conversation that grows keeps its beginning.
 */
export function createCallIds(): CallIds {
  const taken = new Set<string>()
  const turn = new Map<string, string>()
  const counts = new Map<string, number>()
  return {
    issue(id) {
      if (turn.has(id)) return undefined
      const plain = id.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, longest)
      let unique = plain
      // From where it stopped: an id that many calls share would be counted through from the start each time.
      const stem = plain.slice(0, stemLength)
      let count = counts.get(stem) ?? 1
      while (taken.has(unique)) {
        count += 1
        const suffix = `_${count}`
        unique = plain.slice(0, longest - suffix.length) + suffix
      }
      counts.set(stem, count)
      taken.add(unique)
      turn.set(id, unique)
      return unique
    },
    find: (id) => turn.get(id),
    nextTurn: () => turn.clear(),
  }
}
