import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { RouteTarget } from '../routing/route-target.ts'

/** What a count belongs to. */
type Asked = Pick<RouteTarget, 'upstreamModel'> & { readonly caller: string }

/** Milliseconds that a count is remembered: the next conversation may be in another language. */
const believedForMs = 10 * 60 * 1000
/** Counts that are remembered; the names of models may come from clients. */
const mostCounts = 1_000

interface Density {
  readonly factor: number
  /** `clock.now()` */
  readonly until: number
}

/**
 * How many times more tokens than estimated the last refusals have counted. Where a request is condensed before it is asked, that says
 * how much may stay.
 */
export class Densities {
  readonly #clock: Clock
  readonly #last = new Map<string, Density>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  note(live: LiveProvider, asked: Asked, factor: number): void {
    if (this.#last.size >= mostCounts) this.#last.clear()
    this.#last.set(keyOf(live, asked), { factor, until: this.#clock.now() + believedForMs })
  }

  /** 1: nothing is known, or no more. */
  of(live: LiveProvider, asked: Asked): number {
    const density = this.#last.get(keyOf(live, asked))
    return density !== undefined && density.until > this.#clock.now() ? density.factor : 1
  }
}

function keyOf({ name, identity }: LiveProvider, { upstreamModel, caller }: Asked): string {
  return JSON.stringify([name, identity, upstreamModel, caller])
}
