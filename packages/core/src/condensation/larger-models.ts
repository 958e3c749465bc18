import { entryOf, type RouteTarget } from '../routing/route-target.ts'

/** The deployments of another model, for the same operation; empty: there are none. */
export type RouteOf = (model: string) => readonly RouteTarget[]

/** Models of a chain of `context_fallback`, at most. */
const longestChain = 4

/**
 * The routes of the models to ask for a request that does not fit, one after the other: each names the next. No model comes twice, nor
 * does a deployment: a wildcard may cover the model that it names, and a name stand for the same model as another.
 */
export function* largerModels(
  target: RouteTarget,
  routeOf: RouteOf,
): Generator<readonly RouteTarget[], void, void> {
  const seen = new Set([entryOf(target.model).id])
  const asked = [target]
  let next = entryOf(target.model).context_fallback
  while (next !== undefined && !seen.has(next) && seen.size <= longestChain) {
    seen.add(next)
    const targets = routeOf(next).filter((each) => !asked.some((other) => isSame(each, other)))
    if (targets.length === 0) return
    asked.push(...targets)
    yield targets
    next = entryOf(targets[0]!.model).context_fallback
  }
}

function isSame(left: RouteTarget, right: RouteTarget): boolean {
  return left.provider === right.provider && left.upstreamModel === right.upstreamModel
}
