import type { Call } from '@llmproxy/provider-kit'
import type { CallIds } from './call-ids.ts'
import type { Block } from './wire.ts'

/** Where losses of translation are reported: a call. */
export type Reporter = Pick<Call, 'dropped'>

/** A turn under construction. Results of tools stand before everything else in it. */
export interface DraftTurn {
  readonly role: 'user' | 'assistant'
  readonly results: Block[]
  readonly content: Block[]
}

/** A conversation under construction. */
export interface Draft {
  readonly system: Block[]
  readonly turns: DraftTurn[]
  readonly ids: CallIds
  /** Calls of the latest assistant turn that have no result yet: the id sent upstream, and the call's JSON path. */
  readonly unanswered: Map<string, string>
  readonly called: Set<string>
  /** The names of documents so far, each with the last number put behind it: each must be there once. */
  readonly documents: Map<string, number>
  readonly report: Reporter
}

/** Adds blocks to the running turn, or begins one. Without blocks there is no turn. */
export function add(draft: Draft, role: DraftTurn['role'], blocks: Partial<Omit<DraftTurn, 'role'>>): void {
  const { results = [], content = [] } = blocks
  if (results.length + content.length === 0) return
  const turn = draft.turns.at(-1)
  if (turn?.role !== role) {
    draft.turns.push({ role, results: [...results], content: [...content] })
    return
  }
  // As arguments of one call, hundreds of thousands would not fit onto the stack.
  for (const block of results) turn.results.push(block)
  for (const block of content) turn.content.push(block)
}
