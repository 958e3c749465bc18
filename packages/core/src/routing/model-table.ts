import type { OperationName } from '@llmproxy/provider-kit'
import type { ModelConfig } from '../config/schema.ts'
import { entryOf, type ModelEntry, type RoutedProvider, type RouteTarget, serves } from './route-target.ts'

/** One line of `/v1/models`. */
export interface ListedModel {
  readonly id: string
  /** The provider that is asked first. */
  readonly owned_by: string
  /** All providers that list it, in the order in which they are asked. */
  readonly providers: readonly string[]
  /** Tokens: the smallest window of the deployments that say one. */
  readonly context_window: number | undefined
}

/** Names found by wildcard or prefix are remembered up to this many; clients choose them, so there must be a bound. */
const cacheSize = 1_000

/** No configured name is longer. */
const maxNameLength = 512

/** The label of names that no entry matches. */
const other = 'other'

interface Match {
  readonly provider: RoutedProvider
  readonly model: ModelConfig
  readonly entry: ModelEntry
  readonly specificity: number
}

/** What a name means: its candidates, and the targets made of them so far. */
interface Resolved {
  readonly matches: readonly Match[]
  readonly targets: Map<OperationName, readonly RouteTarget[]>
}

const unknown: Resolved = Object.freeze({ matches: [], targets: new Map() })

/**
 * Which deployments serve a model name. Built once for each snapshot. A name is resolved in this order:
 *
 * 1. An entry with exactly this id in any provider, even when it contains `/`.
 * 2. `provider/rest`, where `provider` is configured: this provider only, and only what its entries cover: who lists cheap
 *    models does not mean to pay for the others. Of a provider without any entry, `rest` is sent as it is.
 * 3. Wildcards, `prefix*` or `*`.
 *
 * In 1 and 3 every provider with a matching entry is a candidate, by its most precise entry, so that a wildcard provider is
 * a fallback for exact ones. Candidates are ordered by priority, and at the same priority the more precise entry goes first.
 * One exception: an alias (an exact entry whose `upstream` differs) is known only where it is written, so no wildcard joins.
 */
export class ModelTable {
  readonly providers: readonly RoutedProvider[]
  readonly #byName: ReadonlyMap<string, RoutedProvider>
  readonly #wildcards: readonly Match[]
  readonly #exact: ReadonlyMap<string, Resolved>
  /** Names found by wildcard or prefix, oldest first. */
  readonly #found = new Map<string, Resolved>()
  readonly #listed: readonly ListedModel[]

  constructor(providers: readonly RoutedProvider[]) {
    this.providers = providers
    this.#byName = new Map(providers.map((provider) => [provider.name, provider]))
    const matches = providers.flatMap(matchesOf)
    this.#wildcards = matches.filter(({ specificity }) => specificity !== Infinity)
    const exact = Map.groupBy(
      matches.filter(({ specificity }) => specificity === Infinity),
      ({ entry }) => entry.id,
    )
    this.#exact = new Map([...exact].map(([id, own]) => [id, resolved(this.#candidates(id, own))]))
    this.#listed = [...this.#exact].map(([id, { matches: own }]) => listed(id, own)).sort(byId)
  }

  /** Deployments that serve `operation` of `model`, best first. Empty: none. Cheap enough for every request. */
  lookup(model: string, operation: OperationName): readonly RouteTarget[] {
    const { matches, targets } = this.#resolve(model)
    const known = targets.get(operation)
    if (known !== undefined) return known
    const made = matches.flatMap((match) => targetOf(match, model, operation) ?? [])
    if (matches.length > 0) targets.set(operation, made)
    return made
  }

  /** True when `lookup()` finds the name for any operation. */
  has(model: string): boolean {
    return this.#resolve(model).matches.length > 0
  }

  /** Exact ids and aliases, by name; no wildcards. Each of them resolves. */
  list(): readonly ListedModel[] {
    return this.#listed
  }

  /** What is served beside `list()`: the ids of wildcard entries, as in `prefix*`, each once. */
  patterns(): readonly string[] {
    return [...new Set(this.#wildcards.map(({ entry }) => entry.id))]
  }

  /** The listing of any name that resolves, listed or not. */
  find(model: string): ListedModel | undefined {
    const { matches } = this.#resolve(model)
    return matches.length === 0 ? undefined : listed(model, matches)
  }

  /** A name for metrics, from a bounded set: the id of the entry that matched (`name`, `prefix*`), or `other`. */
  label(model: string): string {
    return this.#exact.has(model) ? model : (this.#resolve(model).matches[0]?.entry.id ?? other)
  }

  #resolve(model: string): Resolved {
    const known = this.#exact.get(model) ?? this.#found.get(model)
    if (known !== undefined) return known
    if (model.length > maxNameLength) return unknown
    const matches = this.#direct(model) ?? this.#candidates(model, [])
    if (matches.length === 0) return unknown
    const found = resolved(matches)
    this.#found.set(model, found)
    if (this.#found.size > cacheSize) this.#found.delete(this.#found.keys().next().value ?? '')
    return found
  }

  #direct(model: string): readonly Match[] | undefined {
    const slash = model.indexOf('/')
    const provider = slash < 1 ? undefined : this.#byName.get(model.slice(0, slash))
    const rest = model.slice(slash + 1)
    if (provider === undefined || rest === '') return undefined
    const match = mostPrecise(matchesOf(provider).filter(({ entry }) => covers(entry.id, rest)))
    if (match === undefined && provider.models.length > 0) return []
    const passed = { provider, model: rest, entry: { ...entryOf(rest), id: 'other' }, specificity: Infinity }
    return [
      match === undefined ? { ...passed, entry: { ...passed.entry, upstream: rest } } : renamed(match, rest),
    ]
  }

  /** `exact` and the wildcards that cover `model`, one per provider, best first. */
  #candidates(model: string, exact: readonly Match[]): readonly Match[] {
    const isAlias = exact.some(({ entry }) => entry.upstream !== undefined && entry.upstream !== entry.id)
    const wildcards = isAlias ? [] : this.#wildcards.filter(({ entry }) => covers(entry.id, model))
    const byProvider = Map.groupBy([...exact, ...wildcards], ({ provider }) => provider)
    return [...byProvider.values()].flatMap((own) => mostPrecise(own) ?? []).sort(byPriority)
  }
}

function resolved(matches: readonly Match[]): Resolved {
  return { matches, targets: new Map() }
}

function matchesOf(provider: RoutedProvider): Match[] {
  return provider.models.map((model) => {
    const entry = entryOf(model)
    return { provider, model, entry, specificity: entry.id.endsWith('*') ? entry.id.length - 1 : Infinity }
  })
}

function covers(id: string, model: string): boolean {
  return id.endsWith('*') ? model.startsWith(id.slice(0, -1)) : id === model
}

function mostPrecise(matches: readonly Match[]): Match | undefined {
  return matches.reduce<Match | undefined>(
    (best, match) => (best === undefined || match.specificity > best.specificity ? match : best),
    undefined,
  )
}

function byPriority(left: Match, right: Match): number {
  const priority = left.provider.priority - right.provider.priority
  if (priority !== 0 || left.specificity === right.specificity) return priority
  return left.specificity > right.specificity ? -1 : 1
}

function byId(left: ListedModel, right: ListedModel): number {
  return left.id < right.id ? -1 : Number(left.id > right.id)
}

/** The name after `provider/` fixes the upstream model, whatever the client's whole name was. */
function renamed(match: Match, rest: string): Match {
  return { ...match, entry: { ...match.entry, upstream: upstreamOf(match.entry, rest) } }
}

/** `upstream` as it is; where both end in `*`, the part that the client's `*` stands for is carried over. */
function upstreamOf({ id, upstream }: ModelEntry, model: string): string {
  if (upstream === undefined) return model
  return upstream.endsWith('*') && id.endsWith('*')
    ? upstream.slice(0, -1) + model.slice(id.length - 1)
    : upstream
}

function targetOf(match: Match, model: string, operation: OperationName): RouteTarget | undefined {
  const { provider, entry, specificity } = match
  const how = serves(provider, entry.operations, operation)
  if (how === undefined) return undefined
  return Object.freeze({
    provider: provider.name,
    upstreamModel: upstreamOf(entry, model),
    priority: provider.priority,
    weight: provider.weight,
    model: match.model,
    entry: entry.id,
    bridged: how === 'bridged',
    supports: provider.supports,
    specificity,
  })
}

function listed(id: string, matches: readonly Match[]): ListedModel {
  const windows = matches.flatMap(({ entry }) => entry.context_window ?? [])
  return Object.freeze({
    id,
    owned_by: matches[0]?.provider.name ?? '',
    providers: matches.map(({ provider }) => provider.name),
    context_window: windows.length === 0 ? undefined : Math.min(...windows),
  })
}
