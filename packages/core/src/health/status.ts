import type { FaultKind } from '@llmproxy/provider-kit'
import { faultPolicy } from '../resilience/policy.ts'
import type { BreakerState } from '../resilience/breaker.ts'

export type Status = 'healthy' | 'degraded' | 'unhealthy'

/** What one attempt, or one probe, has shown. */
export interface Observation {
  /** Monotonic milliseconds. */
  readonly at: number
  readonly fault: FaultKind | null
  /** Default `passive`: a client's request. */
  readonly source?: 'passive' | 'probe'
}

/** What is remembered of one provider: constant size, whatever the traffic. */
export interface ProviderHealth {
  /** Failures among the recent observations, 0 to 1, newer ones weighing more. */
  readonly failureRatio: number
  /** Monotonic milliseconds of the last observation that counted; `null`: fresh. */
  readonly observedAt: number | null
  /** The kind of the last fault that counted. */
  readonly lastFault: FaultKind | null
}

/** A provider that nobody has asked is taken for healthy. */
export const freshHealth: ProviderHealth = Object.freeze({
  failureRatio: 0,
  observedAt: null,
  lastFault: null,
})

/** Weight of a new observation. */
const share = 0.2

/** Milliseconds in which an old verdict loses half its weight, so that a provider that nobody asks recovers. */
const halfLifeMs = 60_000

/** Two failures in a row on a clean record (0.36), or about every third request. */
const degradedRatio = 0.3

/** The next memory. The client's own mistakes and leaving clients change nothing. */
export function observe(health: ProviderHealth, { at, fault }: Observation): ProviderHealth {
  const rule = fault === null ? undefined : faultPolicy[fault].breaker
  if (rule === 'none' || rule === 'release') return health
  const failed = rule === undefined ? 0 : 1
  return {
    failureRatio: decayed(health, at) * (1 - share) + failed * share,
    observedAt: at,
    lastFault: fault ?? health.lastFault,
  }
}

export interface StatusInput {
  readonly health: ProviderHealth
  /** Of the provider's deployments; empty before the first request. */
  readonly breakers: readonly BreakerState[]
  /** A deployment pauses after a rate limit. */
  readonly cooling: boolean
  /** Monotonic milliseconds. */
  readonly at: number
}

/**
 * `unhealthy`: every breaker is open, so nobody is asked. `degraded`: some breaker is not closed, a deployment pauses, or
 * many recent requests failed; still usable. Else `healthy`.
 */
export function statusOf({ health, breakers, cooling, at }: StatusInput): Status {
  if (breakers.length > 0 && breakers.every((state) => state === 'open')) return 'unhealthy'
  if (cooling || breakers.some((state) => state !== 'closed')) return 'degraded'
  return decayed(health, at) >= degradedRatio ? 'degraded' : 'healthy'
}

function decayed({ failureRatio, observedAt }: ProviderHealth, at: number): number {
  return observedAt === null ? 0 : failureRatio * 0.5 ** (Math.max(0, at - observedAt) / halfLifeMs)
}
