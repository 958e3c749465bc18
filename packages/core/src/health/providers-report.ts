import type { OperationName, Supports } from '@llmproxy/provider-kit'
import type { ModelConfig } from '../config/schema.ts'
import type { ReportedKey } from '../key-report.ts'
import type { BreakerState } from '../resilience/breaker.ts'
import type { HealthReason, Status } from './reason.ts'

/** One provider that is switched on. Nothing in here is secret, and nothing is a URL, which may carry a credential. */
export interface ProviderReportInput {
  readonly name: string
  readonly type: string
  readonly status: Status
  /** Why it is `unhealthy`; else `null`. */
  readonly reason: HealthReason | null
  /** As `99.95%`. */
  readonly uptime: string
  /** ISO 8601; `null`: neither a request nor a health check has shown anything yet. */
  readonly lastCheck: string | null
  readonly lastError: HealthReason | null
  /** ISO 8601. */
  readonly lastErrorAt: string | null
  readonly priority: number
  readonly weight: number
  readonly models: readonly ModelConfig[]
  readonly operations: Iterable<OperationName>
  readonly supports: Supports
  /** By the id of the configured model; of those that its pattern has found, the least well. */
  readonly breakers: Iterable<readonly [model: string, state: BreakerState]>
  readonly inFlight: number
  readonly queued: number
  /** Of a provider that has several. */
  readonly keys?: readonly ReportedKey[] | undefined
}

/** One provider that is switched off. */
export interface OffProviderReportInput {
  readonly name: string
  readonly type: string
  readonly reason: string
}

/** What a provider has unless it says otherwise. */
const features = ['streaming', 'tools', 'images', 'json_schema', 'stream_usage'] as const

/** The JSON of `GET /providers`: those in use by priority, then those switched off with the reason. */
export function providersReport(
  providers: readonly ProviderReportInput[],
  off: readonly OffProviderReportInput[] = [],
) {
  const ordered = providers.toSorted((left, right) => left.priority - right.priority)
  return {
    providers: [
      ...ordered.map(lineOf),
      ...off.map(({ name, type, reason }) => ({ name, type, enabled: false, status: 'disabled', reason })),
    ],
    total: providers.length + off.length,
  }
}

function lineOf(provider: ProviderReportInput) {
  return {
    name: provider.name,
    type: provider.type,
    enabled: true,
    status: provider.status,
    ...(provider.reason === null ? {} : { reason: provider.reason }),
    priority: provider.priority,
    weight: provider.weight,
    models: provider.models.map((model) => (typeof model === 'string' ? model : model.id)),
    operations: [...provider.operations],
    supports: {
      ...Object.fromEntries(features.map((name) => [name, provider.supports[name] !== false])),
      continuation: provider.supports.continuation === true,
    },
    breakers: Object.fromEntries(provider.breakers),
    in_flight: provider.inFlight,
    queued: provider.queued,
    ...(provider.keys === undefined ? {} : { keys: provider.keys }),
    uptime: provider.uptime,
    last_check: provider.lastCheck,
    last_error: provider.lastError,
    last_error_at: provider.lastErrorAt,
  }
}
