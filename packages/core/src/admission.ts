import type { AttemptFault } from './exchange/transfer.ts'
import type { LiveDeployment, LiveProvider } from './live-provider.ts'
import { breakerRule } from './resilience/policy.ts'
import type { Permit } from './resilience/breaker.ts'
import { cooldownMs } from './resilience/cooldown.ts'

/** The right to one attempt: a slot at the provider and a permit of the deployment's breaker. Settle it exactly once. */
export interface Admission {
  readonly live: LiveProvider
  readonly deployment: LiveDeployment
  readonly permit: Permit
}

/**
 * Why a deployment cannot be asked now, or `undefined`. Looks only; takes nothing. The only deployment of a route (`alone`)
 * pauses only when the vendor said for how long: a guess of ours must not make a model vanish.
 */
export function closedReason(
  { breaker, cooldown }: LiveDeployment,
  alone: boolean,
): AttemptFault | undefined {
  const pause = cooldown.remainingMs()
  if (pause > 0 && !(alone && cooldown.guessed)) {
    return {
      kind: 'rate_limit',
      code: 'cooling_down',
      retryAfterMs: pause,
      message: 'the provider asked for a pause after a rate limit',
    }
  }
  return breaker.state === 'open' ? breakerOpen(breaker.retryAfterMs()) : undefined
}

/** Takes permit and pace for one attempt of so many exchanges; the slot is already held, and is given back when this fails. */
export function admit(
  live: LiveProvider,
  deployment: LiveDeployment,
  exchanges = 1,
): Admission | AttemptFault {
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
  return { live, deployment, permit }
}

/** Gives slot and permit back with the attempt's verdict. */
export function settleAdmission(
  { live, deployment, permit }: Admission,
  fault: AttemptFault | undefined,
): void {
  live.gate.release()
  if (fault === undefined) return permit.success()
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
