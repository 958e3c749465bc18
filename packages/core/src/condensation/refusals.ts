import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import { Learnt, type LearntAbout } from './learnt.ts'

/** Milliseconds that a refusal is remembered: the next text may have fewer tokens for what it looks like. */
const believedForMs = 10 * 60 * 1000

/**
 * The smallest requests that deployments have refused as too long without a word about how long they may be. It is only a guess at
 * their windows: enough for a request that was refused itself, and no reason to condense one that was not.
 */
export class Refusals {
  readonly #smallest: Learnt<number>

  constructor(clock: Clock) {
    this.#smallest = new Learnt(clock, believedForMs)
  }

  /** `tokens`: of prompt and answer, by the estimate that they are compared with. */
  note(live: LiveProvider, about: LearntAbout, tokens: number): void {
    const known = this.smallest(live, about)
    if (known === undefined || tokens < known) this.#smallest.note(live, about, tokens)
  }

  /** `undefined`: nothing was refused so, or it is too long ago. */
  smallest(live: LiveProvider, about: LearntAbout): number | undefined {
    return this.#smallest.of(live, about)
  }
}
