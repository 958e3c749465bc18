import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { RouteTarget } from '../routing/route-target.ts'

/** What a refusal belongs to. */
interface Asked extends Pick<RouteTarget, 'upstreamModel'> {
  /** What one caller sends, and is refused for reasons of its own, says nothing to others. */
  readonly caller: string
}

/** Milliseconds that a refusal is remembered: the next text may have fewer tokens for what it looks like. */
const believedForMs = 10 * 60 * 1000
/** Callers of deployments that are remembered; the names of models may come from clients. */
const mostDeployments = 10_000

interface Refused {
  readonly tokens: number
  /** `clock.now()` */
  readonly until: number
}

/**
 * The smallest requests that deployments have refused as too long without a word about how long they may be. It is only a guess at
 * their windows: enough for a request that was refused itself, and no reason to condense one that was not.
 */
export class Refusals {
  readonly #clock: Clock
  readonly #smallest = new Map<string, Refused>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `tokens`: of prompt and answer, by the estimate that they are compared with. */
  note(live: LiveProvider, target: Asked, tokens: number): void {
    const known = this.smallest(live, target)
    if (known !== undefined && known <= tokens) return
    if (this.#smallest.size >= mostDeployments) this.#smallest.clear()
    this.#smallest.set(keyOf(live, target), { tokens, until: this.#clock.now() + believedForMs })
  }

  /** `undefined`: nothing was refused so, or it is too long ago. */
  smallest(live: LiveProvider, target: Asked): number | undefined {
    const refused = this.#smallest.get(keyOf(live, target))
    return refused !== undefined && refused.until > this.#clock.now() ? refused.tokens : undefined
  }
}

/** What was learnt about another address says nothing about this one. */
function keyOf({ name, identity }: LiveProvider, { upstreamModel, caller }: Asked): string {
  return JSON.stringify([name, identity, upstreamModel, caller])
}
