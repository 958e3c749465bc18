import { backoffMs } from './backoff.ts'
import { faultPolicy, isSocketRace, type ObservedFault } from './fault-table.ts'

/** Everything the decision depends on. Times are milliseconds. */
export interface DecideInput {
  readonly fault: ObservedFault
  /** Upstream requests that this client request may still make, over all deployments. */
  readonly attemptsLeft: number
  /** Retries that this deployment still has. */
  readonly retriesLeft: number
  /** Which retry of this deployment would come next; the first is 1. */
  readonly retryNumber: number
  /** To the deadline. `Infinity`: none. */
  readonly remainingMs: number
  /** How many deployments follow in the route. */
  readonly deploymentsAfter: number
  readonly random: () => number
  /** The first backoff of this deployment. */
  readonly retryDelayMs: number
  /** A wait above this is never made. */
  readonly maxWaitMs: number
  /** The fault is that of the key, and the provider has another one that can be used now. */
  readonly anotherKey?: boolean
}

export type Decision =
  | { readonly action: 'retry'; readonly delayMs: number }
  | { readonly action: 'fallback' }
  | { readonly action: 'stop' }

const fallback: Decision = Object.freeze({ action: 'fallback' })
const stop: Decision = Object.freeze({ action: 'stop' })

/**
 * What follows a failed attempt that has not been committed to the client. Pure. In this order:
 *
 * 1. No attempts left, or the client left: stop. Whether there is time is asked where the next attempt would begin: it is the limit
 *    of the request then that ended it, not the fault.
 * 2. A kept-alive socket that died before any answer: again at once. Not the upstream's fault, so neither backoff nor
 *    `max_retries` apply, only the attempts of the whole request.
 * 3. Each deployment that follows has an attempt reserved: retries never eat up the failover, nor do further keys.
 *    Within that, a fault of the key is asked again with another one at once, which is no retry.
 * 4. Rate limited, or no connection: the next deployment at once, since it can answer now; the same one only without a next.
 * 5. Overloaded and other 5xx: the same deployment after a backoff, for they pass quickly, then the next.
 * 6. The vendor's hint replaces the backoff. A wait above `maxWaitMs` or past the deadline is not begun.
 * 7. An upstream that says `x-should-retry: false` is not asked again; the next one is.
 * 8. Rate limited without a hint: not repeated, since nobody knows when it would help.
 */
export function decide(input: DecideInput): Decision {
  const { fault, attemptsLeft, deploymentsAfter } = input
  if (attemptsLeft <= 0) return stop
  if (isSocketRace(fault)) return { action: 'retry', delayMs: 0 }
  const rule = faultPolicy[fault.kind]
  const next = deploymentsAfter > 0 && rule.fallback ? fallback : stop
  if (input.anotherKey === true && attemptsLeft > deploymentsAfter) return { action: 'retry', delayMs: 0 }
  if (!mayRepeat(input) || input.retriesLeft <= 0) return next
  if (next === fallback && (attemptsLeft <= deploymentsAfter || rule.retry !== 'always')) return next
  const delayMs = waitMs(input)
  return delayMs <= input.maxWaitMs && delayMs < input.remainingMs ? { action: 'retry', delayMs } : next
}

function mayRepeat({ fault }: DecideInput): boolean {
  if (fault.refusesRetry === true) return false
  const { retry } = faultPolicy[fault.kind]
  switch (retry) {
    case 'always':
      return true
    case 'hint':
      return fault.retryAfterMs !== undefined
    case 'connect':
      return fault.phase === 'connect'
    case 'unsent':
      return fault.nothingSent === true
    case 'never':
      return false
    default:
      return retry satisfies never
  }
}

function waitMs({ fault, retryNumber, retryDelayMs, maxWaitMs, random }: DecideInput): number {
  return fault.retryAfterMs === undefined
    ? backoffMs(retryNumber, retryDelayMs, maxWaitMs, random)
    : Math.max(0, fault.retryAfterMs)
}
