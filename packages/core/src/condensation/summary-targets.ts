import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { RouteTarget } from '../routing/route-target.ts'
import { entryOf } from '../routing/route-target.ts'
import type { Snapshot } from '../snapshot.ts'

export interface SummaryTargetsInput {
  readonly snapshot: Pick<Snapshot, 'table' | 'live'>
  readonly settings: Pick<CondensationConfig, 'provider' | 'model' | 'same_provider'>
  /** The model that the client asked for. */
  readonly model: string
  /** The deployments of the request. */
  readonly targets: readonly RouteTarget[]
  readonly isWell: (target: RouteTarget) => boolean
}

/**
 * Who is asked for a summary, in this order: one deployment of each provider that may be asked, by priority, and of equal ones those first
 * that are shown the conversation anyway; those that are not well last. Empty: nobody can make one.
 */
export function summaryTargets(input: SummaryTargetsInput): readonly RouteTarget[] {
  const { snapshot, settings, targets, isWell } = input
  const found =
    settings.model === undefined
      ? asked(input).flatMap((provider) => ownTarget(snapshot, provider, input.model) ?? [])
      : named(input, settings.model)
  const own = new Set(targets.map(({ provider }) => provider))
  const allowed = settings.same_provider ? found.filter(({ provider }) => own.has(provider)) : found
  return [...allowed.filter(isWell), ...allowed.filter((target) => !isWell(target))]
}

function asked({ snapshot, settings, targets }: SummaryTargetsInput): readonly string[] {
  if (settings.provider !== undefined) return snapshot.live.has(settings.provider) ? [settings.provider] : []
  const own = new Set(targets.map(({ provider }) => provider))
  const rank = (name: string) => Number(!own.has(name))
  return [...snapshot.live.values()]
    .toSorted(
      (left, right) => left.config.priority - right.config.priority || rank(left.name) - rank(right.name),
    )
    .map(({ name }) => name)
}

function named({ snapshot, settings: { provider } }: SummaryTargetsInput, model: string) {
  const { table } = snapshot
  if (provider === undefined) return table.lookup(model, 'chat')
  const own = ofProvider(snapshot, provider, model)
  return own === undefined ? [] : [own]
}

/** The model of the request where the provider has it, else the first that it lists. */
function ownTarget(
  snapshot: SummaryTargetsInput['snapshot'],
  provider: string,
  model: string,
): RouteTarget | undefined {
  const listed = snapshot.live
    .get(provider)!
    .config.models.map((entry) => entryOf(entry).id)
    .filter((id) => !id.endsWith('*'))
  for (const id of [model, ...listed]) {
    const found = ofProvider(snapshot, provider, id)
    if (found !== undefined) return found
  }
  return undefined
}

/** A bare name may mean other providers as well, and one with the prefix another model. */
function ofProvider(
  { table }: SummaryTargetsInput['snapshot'],
  provider: string,
  model: string,
): RouteTarget | undefined {
  const isOwn = (target: RouteTarget) => target.provider === provider
  return table.lookup(model, 'chat').find(isOwn) ?? table.lookup(`${provider}/${model}`, 'chat').find(isOwn)
}
