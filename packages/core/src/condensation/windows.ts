import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { ModelCatalogue } from '../model-catalogue.ts'
import { entryOf, type RouteTarget } from '../routing/route-target.ts'

/** What a window belongs to. */
type Asked = Pick<RouteTarget, 'upstreamModel' | 'model'>

/** Milliseconds that a limit from an error is believed: vendors raise them. */
const learntForMs = 24 * 60 * 60 * 1000
/** Limits that are remembered; the longest unused go first. */
const mostLearnt = 1_000

interface Learnt {
  readonly limit: number
  /** `clock.now()` */
  readonly until: number
}

/** The context windows of deployments, from the configuration, the vendors' model lists, and what their errors have named. */
export class Windows {
  readonly #clock: Clock
  readonly #learnt = new Map<string, Learnt>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Tokens; `undefined`: nobody has said. Has the vendor's list asked for in the background when it is stale. */
  windowOf(live: LiveProvider, target: Asked, catalogue: ModelCatalogue): number | undefined {
    const configured = entryOf(target.model).context_window
    if (configured !== undefined) return configured
    catalogue.refreshInBackground(live)
    const listed = catalogue.window(live, target.upstreamModel)
    const learnt = this.#learnt.get(keyOf(live, target))?.limit
    return listed === undefined || learnt === undefined ? (listed ?? learnt) : Math.min(listed, learnt)
  }

  /** An error of the vendor has named the limit. */
  learn(live: LiveProvider, target: Asked, limit: number): void {
    if (!Number.isSafeInteger(limit) || limit <= 0) return
    if (this.#learnt.size >= mostLearnt) this.#learnt.clear()
    this.#learnt.set(keyOf(live, target), { limit, until: this.#clock.now() + learntForMs })
  }
}

/** What was learnt about another address says nothing about this one. */
function keyOf({ name, identity }: LiveProvider, { upstreamModel }: Asked): string {
  return JSON.stringify([name, identity, upstreamModel])
}
