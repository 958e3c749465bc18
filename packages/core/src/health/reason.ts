import type { FaultKind } from '@llmproxy/provider-kit'

/** How a provider, or the gateway as a whole, fares. */
export type Status = 'healthy' | 'degraded' | 'unhealthy'

/** Why a provider is not well. `configuration`: the operator must act. `breaker_open`: other gateways have seen it fail. */
export type HealthReason = FaultKind | 'configuration' | 'breaker_open'
