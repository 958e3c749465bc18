import type { Clock } from '../clock.ts'

/** Milliseconds for which a refused key is not used. Then one request tries it. */
export const retirementMs = 600_000

/** Milliseconds between requests that try a retired key, while none of them has shown anything. */
export const trialMs = 5_000

/** The right to one attempt with a key. */
export interface KeyLease {
  readonly state: KeyState
  /** The key was retired, and this attempt tries it. */
  readonly trial: boolean
  readonly epoch: number
}

/**
 * Whether one key is accepted. A refusal retires it; when its time is over, one attempt may try it, and the next some seconds later,
 * so that a trial that ends nowhere blocks nothing. What an attempt shows that began before the last change is stale: 50 refusals of
 * requests that were on their way are one refusal, and a late success brings no key back that was refused since.
 */
export class KeyState {
  readonly #clock: Clock
  /** 0: in use. */
  #retiredUntil = 0
  #epoch = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Also while a trial is due, or running. */
  get retired(): boolean {
    return this.#retiredUntil > 0
  }

  /** Milliseconds until the key may be used or tried; 0: now. */
  waitMs(): number {
    return this.#retiredUntil === 0 ? 0 : Math.max(0, this.#retiredUntil - this.#clock.now())
  }

  lease(): KeyLease {
    const trial = this.retired
    if (trial) this.#retiredUntil = this.#clock.now() + trialMs
    return { state: this, trial, epoch: this.#epoch }
  }

  /** The key was accepted. True when that ends its retirement. */
  accepted({ trial, epoch }: KeyLease): boolean {
    if (!trial || epoch !== this.#epoch) return false
    this.#retiredUntil = 0
    this.#epoch += 1
    return true
  }

  /** The key was refused: retires it for so many milliseconds, at most `retirementMs`. False when that was known. */
  refused({ epoch }: KeyLease, milliseconds: number): boolean {
    return epoch === this.#epoch && this.hold(milliseconds)
  }

  /** The same, as told by another gateway. False when it is retired for longer already. */
  hold(milliseconds: number): boolean {
    const forMs = Math.min(milliseconds, retirementMs)
    // Not a number would be a retirement without an end.
    if (!(forMs > 0) || this.#clock.now() + forMs <= this.#retiredUntil) return false
    this.#retiredUntil = this.#clock.now() + forMs
    this.#epoch += 1
    return true
  }
}
