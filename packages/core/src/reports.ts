import type { OperationName } from '@llmproxy/provider-kit'
import type { Clock } from './clock.ts'
import { configuredDeployments } from './health/configured-deployments.ts'
import { type HealthReport, healthReport, isoSeconds } from './health/health-report.ts'
import { providersReport } from './health/providers-report.ts'
import type { Vitals, VitalSigns } from './health/vitals.ts'
import { reportedKeys } from './key-report.ts'
import { type LiveProvider, worstState } from './live-provider.ts'
import type { ModelCatalogue } from './model-catalogue.ts'
import type { BreakerState } from './resilience/breaker.ts'
import type { ListedModel } from './routing/model-table.ts'
import type { Snapshot } from './snapshot.ts'

/** One line of `GET /v1/models`, and the answer of `GET /v1/models/{id}`. */
export interface ModelLine {
  readonly id: string
  readonly object: 'model'
  /** Unix seconds: when this gateway started. */
  readonly created: number
  readonly owned_by: string
  /** All providers that serve it, in the order in which they are asked. */
  readonly providers: readonly string[]
  /** Tokens. */
  readonly context_window?: number
}

export interface ModelListing {
  readonly object: 'list'
  readonly data: readonly ModelLine[]
}

export function modelLine(
  { id, owned_by, providers, context_window }: ListedModel,
  created: number,
): ModelLine {
  return {
    id,
    object: 'model',
    created,
    owned_by,
    providers,
    ...(context_window === undefined ? {} : { context_window }),
  }
}

/** Configured names first, then what vendors have for configured patterns; each name once, and each of them resolves. */
export function modelListing(
  { table, live }: Snapshot,
  catalogue: Pick<ModelCatalogue, 'ids'>,
  created: number,
): ModelListing {
  const configured = table.list()
  const names = new Set(configured.map(({ id }) => id))
  const found = new Map<string, ListedModel>()
  for (const provider of live.values()) {
    for (const id of catalogue.ids(provider)) {
      if (names.has(id) || found.has(id)) continue
      const model = table.find(id)
      // `vendor/model` of an aggregator is asked of a provider `vendor` where one is configured, which may not have it.
      if (model?.providers.includes(provider.name)) found.set(id, model)
    }
  }
  const ids = [...found.keys()].toSorted()
  const models = [...configured, ...ids.map((id) => found.get(id)!)]
  return { object: 'list', data: models.map((model) => modelLine(model, created)) }
}

/** What the reports are about. */
interface Reported {
  readonly snapshot: Snapshot
  readonly vitals: Vitals
}

/** The JSON of `GET /health`. `startedAt`: milliseconds since the epoch. */
export function health({ snapshot, vitals }: Reported, clock: Clock, startedAt: number): HealthReport {
  const { config, live } = snapshot
  const now = clock.now()
  const at = clock.epoch()
  const statuses = [...live.values()].map((provider) => vitals.statusOf(provider, now))
  const observed = vitals.lastObservedAt
  return healthReport({
    statuses,
    uptime: vitals.uptime(now),
    at,
    // Before the first of them: nothing was known but that it started.
    lastCheckAt: observed === null ? startedAt : at - (now - observed),
    app: { name: config.app_name, version: config.app_version },
  })
}

/** The JSON of `GET /providers`. */
export function providers({ snapshot, vitals }: Reported, clock: Clock): object {
  const { live, off } = snapshot
  const now = clock.now()
  const isoOf = (at: number | null) => (at === null ? null : isoSeconds(clock.epoch() - (now - at)))
  const on = [...live.values()].map((provider) => ({
    name: provider.name,
    type: provider.type,
    ...told(vitals.signsOf(provider, now), isoOf),
    priority: provider.config.priority,
    weight: provider.config.weight,
    models: provider.config.models,
    operations: Object.keys(provider.codecs) as OperationName[],
    supports: provider.supports,
    breakers: breakersOf(provider),
    inFlight: provider.gate.inFlight,
    queued: provider.gate.queued,
    keys: reportedKeys(provider),
  }))
  return providersReport(on, off)
}

/** Points in time as they are written. */
function told(
  { status, reason, uptime, observedAt, lastError, lastErrorAt }: VitalSigns,
  isoOf: (at: number | null) => string | null,
) {
  return {
    status,
    reason,
    uptime,
    lastCheck: isoOf(observedAt),
    lastError,
    lastErrorAt: isoOf(lastErrorAt),
  }
}

/** By entry: names that clients have found by a pattern are nobody else's business. */
function breakersOf(provider: LiveProvider): ReadonlyMap<string, BreakerState> {
  const entries = new Set(configuredDeployments(provider).map(([, { entry }]) => entry))
  return new Map([...entries].map((entry) => [entry, worstState(provider, entry)]))
}
