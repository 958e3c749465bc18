import type { AttemptFault } from './exchange/transfer.ts'
import type { TakenKey } from './key-ring.ts'
import type { LiveDeployment, LiveProvider } from './live-provider.ts'
import { breakerRule, keyRule } from './resilience/policy.ts'
import type { Permit } from './resilience/breaker.ts'
import { cooldownMs } from './resilience/cooldown.ts'

/** The right to one attempt: a slot at the provider and a permit of the deployment's breaker. Settle it exactly once. */
export interface Admission {
  readonly live: LiveProvider
  readonly deployment: LiveDeployment
  readonly permit: Permit
  /** Of a provider with several. */
  readonly key?: TakenKey
}

/** What an attempt wants to be admitted to. */
export interface Wanted {
  readonly deployment: LiveDeployment
  /** It is the only deployment of the route, or the only one of them that is left. */
  readonly alone: boolean
  /** How many it takes. Default: 1. */
  readonly exchanges?: number
}

/**
 * Why a deployment cannot be asked now, or `undefined`. Looks only; takes nothing. The only deployment that is left (`alone`)
 * pauses only when the vendor said for how long: a guess of ours must not make a model vanish.
 */
export function closedReason(
  { keys }: LiveProvider,
  deployment: LiveDeployment,
  alone: boolean,
): AttemptFault | undefined {
  const { breaker, cooldown } = deployment
  const pause = cooldown.remainingMs()
  if (pause > 0 && !(alone && cooldown.guessed)) {
    return {
      kind: 'rate_limit',
      code: 'cooling_down',
      retryAfterMs: pause,
      message: 'the provider asked for a pause after a rate limit',
    }
  }
  if (breaker.state === 'open') return breakerOpen(breaker.retryAfterMs())
  return keys?.closed(deployment, alone)
}

/** Takes permit, pace and key for one attempt; the slot is already held, and is given back when this fails. */
export function admit(live: LiveProvider, wanted: Wanted): Admission | AttemptFault {
  const { deployment, alone, exchanges = 1 } = wanted
  const { breaker } = deployment
  const permit = breaker.acquire()
  if (permit === undefined) {
    live.gate.release()
    return breakerOpen(breaker.retryAfterMs())
  }
  if (!live.pace.take(exchanges)) {
    permit.release()
    live.gate.release()
    return {
      kind: 'rate_limit',
      code: 'provider_rate_limit',
      retryAfterMs: live.pace.retryAfterMs(),
      message: 'the configured rate_limit of the provider is reached',
    }
  }
  const { keys } = live
  if (keys === undefined) return { live, deployment, permit }
  const key = keys.take(deployment, alone)
  if (!('kind' in key)) return { live, deployment, permit, key }
  permit.release()
  live.gate.release()
  return key
}

/** Gives slot and permit back with the attempt's verdict. True: the fault is that of its key, and another one can be used now. */
export function settleAdmission(admission: Admission, fault: AttemptFault | undefined): boolean {
  const { live, deployment, permit, key } = admission
  live.gate.release()
  const another = key !== undefined && live.keys!.settle(deployment, key, fault)
  if (fault === undefined) permit.success()
  else settlePermit(admission, fault)
  return another
}

function settlePermit({ deployment, permit, key }: Admission, fault: AttemptFault): void {
  // Of several keys one was refused, or has reached its limit: that says nothing about the deployment.
  if (key !== undefined && keyRule(fault) !== 'none') return permit.release()
  switch (breakerRule(fault)) {
    case 'failure':
      return permit.failure()
    case 'cooldown':
      deployment.cooldown.start(cooldownMs(fault), fault.retryAfterMs === undefined)
      return permit.release()
    default:
      return permit.release()
  }
}

/** Milliseconds until the deployment may be asked; 0: now. */
export function closedMs({ keys }: LiveProvider, deployment: LiveDeployment): number {
  const { breaker, cooldown } = deployment
  return Math.max(breaker.retryAfterMs(), cooldown.remainingMs(), keys?.waitMs(deployment) ?? 0)
}

export function queueTimeout(live: LiveProvider): AttemptFault {
  return {
    kind: 'overloaded',
    code: 'queue_timeout',
    nothingSent: true,
    message: `all ${live.config.max_connections} connections of the provider are busy`,
  }
}

function breakerOpen(retryAfterMs: number): AttemptFault {
  return {
    kind: 'overloaded',
    code: 'breaker_open',
    retryAfterMs,
    message: 'the provider has failed repeatedly and is not asked for a while',
  }
}
