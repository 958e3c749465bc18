import type { IngressBody } from '../ingress/ingress.ts'
import { type Plan, type PlanInput, planOf } from './plan.ts'

export interface Ahead {
  /** Tokens: below it nothing is needed yet. */
  readonly limit: number
  /** By `hasTools()`. */
  readonly hasTools: boolean
}

/** Agents have: their requests may have the same last turn for some time. */
export function hasTools({ tools, functions }: IngressBody): boolean {
  return [tools, functions].some((list) => Array.isArray(list) && list.length > 0)
}

/**
 * The summary that the next request will need; `undefined`: with the known one this request is below the limit, or nothing is gained by another.
 * Everything that was said so far will be history then, unless an agent goes on with its turn, or more than the last turn is to stay: a
 * summary that tells of what stays is of no use.
 */
export function planAhead(planned: PlanInput, { limit, hasTools: isAgent }: Ahead): Plan | undefined {
  const { conversation, sizes, fixed, recent, room = limit } = planned
  const [prefix] = planned.known
  if (prefix !== undefined) {
    let size = fixed + prefix.tokens
    for (const [index, own] of sizes.entries())
      if (index >= prefix.cut || conversation.system.has(index)) size += own
    if (size < limit) return undefined
  }
  // As if there were no more room than that: to the room that there is, what is known would still do.
  const narrow = { ...planned, room: Math.min(room, limit), known: [] }
  const fresh = recent > 0 || isAgent ? planOf(narrow) : undefined
  const plan = fresh?.needsSummary === true ? fresh : planOfAll(sizes.length)
  if (prefix === undefined || prefix.cut > plan.cut) return plan
  return prefix.cut === plan.cut ? undefined : { ...plan, known: prefix }
}

function planOfAll(cut: number): Plan {
  return { cut, needsSummary: true, carried: [], fits: 'unknown' }
}
