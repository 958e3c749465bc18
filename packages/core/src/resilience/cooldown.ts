import type { Fault } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'

/** Milliseconds of pause when the vendor names none: a rate limit passes soon, an empty account does not. */
export const defaultCooldownMs = { rate_limit: 5_000, quota_exhausted: 60_000 } as const

/** No pause is longer, whatever the vendor says: asking once in ten minutes is cheap, a wrong hint of a day is not. */
export const maxCooldownMs = 600_000

/** How long to pause a deployment after `fault`, in milliseconds; 0 for kinds that do not pause. */
export function cooldownMs(fault: Fault): number {
  if (fault.kind !== 'rate_limit' && fault.kind !== 'quota_exhausted') return 0
  return Math.min(maxCooldownMs, Math.max(0, fault.retryAfterMs ?? defaultCooldownMs[fault.kind]))
}

/** Timers may fire a millisecond early; whoever has waited for the end of a pause must find it over. */
const timerSlackMs = 1

/** A pause of one deployment after a rate limit or an empty account; apart from the breaker, which counts failures. */
export class Cooldown {
  /** Called when a pause begins or grows, with its milliseconds from now; not for one that another gateway told. */
  onStart: ((milliseconds: number, guessed: boolean) => void) | undefined
  readonly #clock: Clock
  #until = 0
  #guessed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `clock.now()` at which the pause ends; 0 when there never was one. */
  get until(): number {
    return this.#until
  }

  /** The running pause has a length of our choice, since the vendor named none. */
  get guessed(): boolean {
    return this.#guessed
  }

  /**
   * Pauses for `milliseconds` from now. Never shortens a running pause, since two answers may arrive out of order; but what the vendor
   * names takes the place of a guess, and no guess is added to it.
   */
  start(milliseconds: number, guessed = false): void {
    if (this.hold(milliseconds, guessed)) this.onStart?.(this.remainingMs(), this.#guessed)
  }

  /** The same, as told by another gateway. True when that has changed the pause. */
  hold(milliseconds: number, guessed: boolean): boolean {
    const until = this.#clock.now() + Math.min(milliseconds, maxCooldownMs)
    const running = this.remainingMs() > 0
    const named = running && this.#guessed && !guessed
    if (running && !named && (this.#guessed !== guessed || until <= this.#until)) return false
    this.#guessed = guessed
    this.#until = until
    return true
  }

  /** 0 when not paused. */
  remainingMs(): number {
    if (this.#until === 0) return 0
    const left = this.#until - this.#clock.now()
    return left > timerSlackMs ? left : 0
  }
}
