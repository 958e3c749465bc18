import { entryOf, type RouteTarget } from '../routing/route-target.ts'

/** The deployments of another model, for the same operation; empty: there are none. */
export type RouteOf = (model: string) => readonly RouteTarget[]

/** Models of a chain of `context_fallback`, at most. */
const longestChain = 4

/** The routes of the models to ask for a request that does not fit, one after the other: each names the next. None comes twice. */
export function* largerModels(
  target: RouteTarget,
  routeOf: RouteOf,
): Generator<readonly RouteTarget[], void, void> {
  const seen = new Set([entryOf(target.model).id])
  let next = entryOf(target.model).context_fallback
  while (next !== undefined && !seen.has(next) && seen.size <= longestChain) {
    seen.add(next)
    const targets = routeOf(next)
    if (targets.length === 0) return
    yield targets
    next = entryOf(targets[0]!.model).context_fallback
  }
}
