import type { OperationName } from '@llmproxy/provider-kit'
import type { GatewayError } from '../errors.ts'
import type { ModelTable } from './model-table.ts'
import type { Needs } from './needs.ts'
import { type OffProvider, unknownModel, unsupportedFeature, unsupportedOperation } from './route-error.ts'
import { type RouteTarget, serves } from './route-target.ts'

export interface RouteInput {
  readonly table: ModelTable
  readonly model: string
  readonly operation: OperationName
  /** The client asked for SSE. */
  readonly stream: boolean
  readonly needs: Needs
  /** In [0, 1). */
  readonly random: () => number
  /** `false`: its breaker is open or it pauses, so it is asked last. Absent: all are well. */
  readonly isWell?: ((target: RouteTarget) => boolean) | undefined
  /** Providers that are switched off, to tell what would make an unknown model known. */
  readonly off?: readonly OffProvider[] | undefined
}

/** The ordered deployments of one request, or why there are none. Errors are values here. */
export type Route =
  | { readonly kind: 'route'; readonly targets: readonly RouteTarget[] }
  | {
      readonly kind: 'unknown_model' | 'unsupported_operation' | 'unsupported_feature'
      readonly error: GatewayError
    }

/**
 * Orders the deployments of a model: by priority, then by precision of the entry, then at random by weight; those that are
 * not well go last in the same order, for asking them beats asking nobody. Pure.
 */
export function route(input: RouteInput): Route {
  const { table, model, operation, off = [] } = input
  const candidates = table.lookup(model, operation)
  if (candidates.length === 0) return missing(table, model, operation, off)
  const able = candidates.filter((target) => lacking(target, input) === undefined)
  if (able.length === 0) return featureless(candidates, input)
  return { kind: 'route', targets: wellFirst(shuffleEquals(able, input.random), input.isWell) }
}

/** An operation that no provider has is unsupported whatever the model is; else an unknown name goes first. */
function missing(
  table: ModelTable,
  model: string,
  operation: OperationName,
  off: readonly OffProvider[],
): Route {
  const offering = table.providers
    .filter((provider) => serves(provider, undefined, operation) !== undefined)
    .map(({ name }) => name)
  if (!table.has(model) && (offering.length > 0 || table.providers.length === 0)) {
    return { kind: 'unknown_model', error: unknownModel(model, table, off) }
  }
  return { kind: 'unsupported_operation', error: unsupportedOperation(model, operation, offering, off) }
}

function featureless(candidates: readonly RouteTarget[], input: RouteInput): Route {
  const [first] = candidates
  const feature = (first === undefined ? undefined : lacking(first, input)) ?? 'streaming'
  const providers = candidates.map(({ provider }) => provider)
  return { kind: 'unsupported_feature', error: unsupportedFeature(input.model, feature, providers) }
}

/** The feature of this request that `target` lacks. An absent flag means supported. */
function lacking({ supports }: RouteTarget, { stream, needs }: RouteInput) {
  if (stream && supports.streaming === false) return 'streaming'
  if (needs.tools && supports.tools === false) return 'tools'
  if (needs.images && supports.images === false) return 'images'
  if (needs.json_schema && supports.json_schema === false) return 'json_schema'
  return undefined
}

/** Runs of equal priority and precision, each in a random order in which weight is the chance to go first. */
function shuffleEquals(targets: readonly RouteTarget[], random: () => number): readonly RouteTarget[] {
  if (targets.length === 1) return targets
  const ordered: RouteTarget[] = []
  for (let start = 0; start < targets.length;) {
    const run = targets.slice(start).filter((target) => isEqual(target, targets[start]))
    start += run.length
    while (run.length > 0) ordered.push(...run.splice(draw(run, random), 1))
  }
  return ordered
}

function isEqual(left: RouteTarget, right: RouteTarget | undefined): boolean {
  return left.priority === right?.priority && left.specificity === right.specificity
}

function draw(targets: readonly RouteTarget[], random: () => number): number {
  if (targets.length === 1) return 0
  let left = random() * targets.reduce((sum, { weight }) => sum + weight, 0)
  const index = targets.findIndex(({ weight }) => (left -= weight) < 0)
  return index === -1 ? targets.length - 1 : index
}

function wellFirst(
  targets: readonly RouteTarget[],
  isWell: ((target: RouteTarget) => boolean) | undefined,
): readonly RouteTarget[] {
  if (isWell === undefined || targets.length === 1) return targets
  const well: RouteTarget[] = []
  const unwell: RouteTarget[] = []
  for (const target of targets) (isWell(target) ? well : unwell).push(target)
  return unwell.length === 0 ? targets : [...well, ...unwell]
}
