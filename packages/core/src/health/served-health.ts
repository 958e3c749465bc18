import type { FaultKind } from '@llmproxy/provider-kit'
import { faultPolicy } from '../resilience/policy.ts'

/** What one attempt of a client's request has shown. */
export interface Observation {
  /** Monotonic milliseconds. */
  readonly at: number
  readonly fault: FaultKind | null
}

/** What is remembered of the requests to one provider: constant size, whatever the traffic. */
export interface ServedHealth {
  /** Failures among the recent observations, 0 to 1, newer ones weighing more. */
  readonly failureRatio: number
  /** Monotonic milliseconds of the last observation that counted; `null`: fresh. */
  readonly observedAt: number | null
  /** The same of the last success. */
  readonly servedAt: number | null
  /** The kind of the last fault that counted, and when. */
  readonly lastFault: FaultKind | null
  readonly lastFaultAt: number | null
}

/** A provider that nobody has asked is taken for healthy. */
export const freshHealth: ServedHealth = Object.freeze({
  failureRatio: 0,
  observedAt: null,
  servedAt: null,
  lastFault: null,
  lastFaultAt: null,
})

/** Weight of a new observation. */
const share = 0.2

/** Milliseconds in which an old verdict loses half its weight, so that a provider that nobody asks recovers. */
const halfLifeMs = 60_000

/** Two failures in a row on a clean record (0.36), or about every third request. */
const degradedRatio = 0.3

/** The next memory. The client's own mistakes and leaving clients change nothing. */
export function observe(health: ServedHealth, { at, fault }: Observation): ServedHealth {
  const rule = fault === null ? undefined : faultPolicy[fault].breaker
  if (rule === 'none' || rule === 'release') return health
  const failed = rule === undefined ? 0 : 1
  return {
    failureRatio: decayed(health, at) * (1 - share) + failed * share,
    observedAt: at,
    servedAt: fault === null ? at : health.servedAt,
    lastFault: fault ?? health.lastFault,
    lastFaultAt: fault === null ? health.lastFaultAt : at,
  }
}

/** True when many of the recent requests failed. */
export function failsOften(health: ServedHealth, at: number): boolean {
  return decayed(health, at) >= degradedRatio
}

function decayed({ failureRatio, observedAt }: ServedHealth, at: number): number {
  return observedAt === null ? 0 : failureRatio * 0.5 ** (Math.max(0, at - observedAt) / halfLifeMs)
}
