/** Gives tool calls ids that the API accepts: `^[a-zA-Z0-9_-]+$` and unique in the conversation. */
export interface CallIds {
  /** The id for a call of the current assistant turn; `undefined` when the turn already has that id. */
  issue(id: string): string | undefined
  /** The id given to a call of the latest assistant turn; `undefined` when there is no such call. */
  find(id: string): string | undefined
  /** Forgets the turn; the ids stay taken. */
  nextTurn(): void
}

/**
 * Other vendors' ids contain other characters, and some vendors count from 0 in every turn. The ids given depend on
 * earlier turns only, so a conversation that grows keeps its serialised prefix.
 */
export function createCallIds(): CallIds {
  const taken = new Set<string>()
  const turn = new Map<string, string>()
  const counts = new Map<string, number>()
  return {
    issue(id) {
      if (turn.has(id)) return undefined
      const plain = id.replaceAll(/[^a-zA-Z0-9_-]/g, '_')
      let unique = plain
      // From where it stopped: an id that every turn repeats would be counted through from the start each time.
      let count = counts.get(plain) ?? 1
      while (taken.has(unique)) unique = `${plain}_${(count += 1)}`
      counts.set(plain, count)
      taken.add(unique)
      turn.set(id, unique)
      return unique
    },
    find: (id) => turn.get(id),
    nextTurn: () => turn.clear(),
  }
}
