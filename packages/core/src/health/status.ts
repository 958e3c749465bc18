import type { BreakerState } from '../resilience/breaker.ts'
import type { CheckedHealth } from './checked-health.ts'
import type { HealthReason, Status } from './reason.ts'
import { failsOften, type ServedHealth } from './served-health.ts'

export type { HealthReason, Status } from './reason.ts'

export interface StatusInput {
  readonly served: ServedHealth
  readonly checked: CheckedHealth
  /** Of the provider's deployments; empty before the first request. */
  readonly breakers: readonly BreakerState[]
  /** A deployment pauses after a rate limit. */
  readonly cooling: boolean
  /** Monotonic milliseconds. */
  readonly at: number
}

/**
 * `unhealthy`: every breaker is open, so nobody is asked, or health checks say so, and it is asked last. `degraded`: some breaker
 * is not closed, a deployment pauses, a health check or many recent requests failed; still usable. Else `healthy`.
 */
export function statusOf({ served, checked, breakers, cooling, at }: StatusInput): Status {
  if (checked.status === 'unhealthy' || isClosedOff(breakers)) return 'unhealthy'
  if (checked.status === 'degraded' || cooling || breakers.some((state) => state !== 'closed'))
    return 'degraded'
  return failsOften(served, at) ? 'degraded' : 'healthy'
}

/** Why it is unhealthy; `null` when it is not. */
export function unhealthyReason({
  served,
  checked,
  breakers,
}: Pick<StatusInput, 'served' | 'checked' | 'breakers'>): HealthReason | null {
  if (checked.status === 'unhealthy') return checked.reason
  if (!isClosedOff(breakers)) return null
  return served.lastFault === 'authentication' ? 'configuration' : (served.lastFault ?? 'breaker_open')
}

function isClosedOff(breakers: readonly BreakerState[]): boolean {
  return breakers.length > 0 && breakers.every((state) => state === 'open')
}
