export { type Clock, systemClock } from './clock.ts'
export { configChanges } from './config/changes.ts'
export { type ConfigProblem, ConfigError, formatProblem } from './config/problem.ts'
export { configJsonSchema, type JsonSchema } from './config/json-schema.ts'
export { checkConfig, type CheckedConfig, readConfig } from './config/read.ts'
export { readRedisUrl, type RedisTarget } from './config/redis-url.ts'
export { isSampleKey } from './config/secrets.ts'
export type { GatewayConfig, GatewayConfigInput, ModelConfig, ProviderConfig } from './config/schema.ts'
export { createGateway, type GatewayOptions } from './create-gateway.ts'
export type { Egress } from './egress.ts'
export { GatewayError, invalidRequest } from './errors.ts'
export { Collector } from './exchange/collect.ts'
export type { Gateway, GatewayLog, ProviderOn } from './gateway.ts'
export type { InProcessAnswer, RespondOptions } from './in-process.ts'
export type { Ingress, IngressBody } from './ingress/ingress.ts'
export { parseBody } from './ingress/parse-body.ts'
export type {
  Condensed,
  CondensedKind,
  SummaryFailureReason,
  SummaryReport,
  SummarySource,
  SummarySpent,
} from './metrics/condensation.ts'
export { type AttemptRecord, type Ending, endings, type Outcome, type TokenUsage } from './metrics/outcome.ts'
export type { Peers, SharedPause } from './peers.ts'
export { readPause } from './read-pause.ts'
export { Breaker, type Permit } from './resilience/breaker.ts'
export type { HealthFound } from './health/checks.ts'
export { type HealthReport, overallStatus } from './health/health-report.ts'
export type { Ledger, StoreFailure } from './metrics/ledger.ts'
export { dumpLedger, type LedgerDump, mergeLedgers, retiredDump } from './metrics/merge.ts'
export { prometheus, type PrometheusFormat } from './metrics/prometheus.ts'
export { type SpecMetrics, specMetrics } from './metrics/spec-metrics.ts'
export { type PluginLoad, PluginNotFound } from './plugins/load.ts'
export type { ProbeKind, ProbeReport } from './probe.ts'
export type { ReloadReport } from './reload.ts'
export type { ModelLine, ModelListing } from './reports.ts'
export { type Dialect, dialectOf } from './dialect.ts'
