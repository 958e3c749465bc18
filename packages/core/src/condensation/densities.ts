import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import { Learnt, type LearntAbout } from './learnt.ts'

/** Milliseconds that a count is remembered: the next conversation may be in another language. */
const believedForMs = 10 * 60 * 1000

/**
 * How many times more tokens than estimated the last refusals have counted. Where a request is condensed before it is asked, that says
 * how much may stay.
 */
export class Densities {
  readonly #last: Learnt<number>

  constructor(clock: Clock) {
    this.#last = new Learnt(clock, believedForMs)
  }

  note(live: LiveProvider, about: LearntAbout, factor: number): void {
    this.#last.note(live, about, factor)
  }

  /** 1: nothing is known, or no more. */
  of(live: LiveProvider, about: LearntAbout): number {
    return this.#last.of(live, about) ?? 1
  }
}
