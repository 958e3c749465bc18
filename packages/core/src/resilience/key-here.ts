import type { Clock } from '../clock.ts'
import { Cooldown } from './cooldown.ts'
import { type KeyLease, KeyState } from './key-state.ts'

/** The right to one attempt with a key at one deployment. */
export interface HereLease {
  readonly everywhere: KeyLease
  readonly here: KeyLease
  /** The key was refused, and this attempt tries it. */
  readonly trial: boolean
}

/** One key as one deployment knows it: it may be refused everywhere, or for this model only, and it may rest after a rate limit. */
export class KeyHere {
  readonly everywhere: KeyState
  readonly here: KeyState
  readonly rest: Cooldown

  constructor(everywhere: KeyState, clock: Clock) {
    this.everywhere = everywhere
    this.here = new KeyState(clock)
    this.rest = new Cooldown(clock)
  }

  /** Also while a trial is due, or running. */
  get refused(): boolean {
    return this.everywhere.retired || this.here.retired
  }

  get rests(): boolean {
    return this.rest.remainingMs() > 0
  }

  /** Milliseconds until the key may be used or tried here; 0: now. */
  waitMs(): number {
    return Math.max(this.everywhere.waitMs(), this.here.waitMs(), this.rest.remainingMs())
  }

  lease(): HereLease {
    const [everywhere, here] = [this.everywhere.lease(), this.here.lease()]
    return { everywhere, here, trial: everywhere.trial || here.trial }
  }

  /** The key was accepted. */
  accepted({ everywhere, here }: HereLease): void {
    this.everywhere.accepted(everywhere)
    this.here.accepted(here)
  }
}
