import type { LookupFunction } from 'node:net'
import type { Clock } from './clock.ts'
import { type ErrorKeywords, errorKeywords } from './condensation/keywords.ts'
import type { ConfigProblem } from './config/problem.ts'
import type { GatewayConfig } from './config/schema.ts'
import { type LiveProvider, openLiveProvider, ownOperations } from './live-provider.ts'
import type { ConfiguredProvider, ProviderOff } from './plugins/configure.ts'
import { ModelTable } from './routing/model-table.ts'
import type { OffProvider } from './routing/route-error.ts'
import type { RoutedProvider } from './routing/route-target.ts'

/** Everything that one configuration means at run time. Never modified: a request keeps the one it began with. */
export interface Snapshot {
  readonly config: GatewayConfig
  readonly table: ModelTable
  /** By provider name. */
  readonly live: ReadonlyMap<string, LiveProvider>
  readonly off: readonly ProviderOff[]
  /** The same, as routing tells of it. */
  readonly switchedOff: readonly OffProvider[]
  /** By provider name: the variables of its list of keys that have no value. */
  readonly unsetKeys: ReadonlyMap<string, readonly string[]>
  /** What looks wrong, and could be seen only with the environment. */
  readonly warnings: readonly ConfigProblem[]
  /** `condensation.error_keywords`, when there is something to look for. */
  readonly keywords: ErrorKeywords | undefined
}

export interface SnapshotInput {
  readonly config: GatewayConfig
  readonly on: readonly ConfiguredProvider[]
  readonly off: readonly ProviderOff[]
  readonly warnings: readonly ConfigProblem[]
  readonly clock: Clock
  readonly userAgent: string
  /** Resolves names. Default: the system's. */
  readonly lookup?: LookupFunction | undefined
  /** What is replaced: live state is carried over by the names of providers. */
  readonly before?: Snapshot | undefined
}

export function buildSnapshot(given: SnapshotInput): Snapshot {
  const { config, on, off, warnings, clock, userAgent, lookup, before } = given
  const live = new Map<string, LiveProvider>()
  const shared = { clock, userAgent, lookup }
  for (const { config: entry, plugin, provider, keys, secrets } of on) {
    const input = { type: plugin.type, config: entry, provider, keys, settings: config, secrets, ...shared }
    live.set(entry.name, openLiveProvider(input, before?.live.get(entry.name)))
  }
  const switchedOff = off.map(({ name, variable, models }) => ({ name, variable: variable ?? null, models }))
  const unsetKeys = new Map(on.map((entry) => [entry.config.name, entry.unsetKeys]))
  const table = new ModelTable([...live.values()].map(routed))
  const keywords = errorKeywords(config.condensation)
  return { config, live, off, switchedOff, unsetKeys, warnings, table, keywords }
}

function routed({ name, config, provider, supports }: LiveProvider): RoutedProvider {
  return {
    name,
    priority: config.priority,
    weight: config.weight,
    operations: new Set(ownOperations(provider)),
    supports,
    models: config.models,
  }
}
