import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { ModelCatalogue } from '../model-catalogue.ts'
import { entryOf, type RouteTarget } from '../routing/route-target.ts'

/** What a window belongs to. */
interface Asked extends Pick<RouteTarget, 'upstreamModel' | 'model'> {
  /** Errors may repeat what a client has sent: nobody learns from those of another caller. */
  readonly caller: string
}

/** Milliseconds that a limit from an error is believed: vendors raise them. */
const learntForMs = 24 * 60 * 60 * 1000
/** Limits that are remembered: names of models may come from clients. The oldest go first. */
const mostLearnt = 10_000
/** Tokens. No model for conversations has fewer, so an error that names fewer has counted something else. */
const leastWindow = 256

interface Learnt {
  readonly limit: number
  /** `clock.now()` */
  readonly until: number
  /** What the vendor's list said when the limit was first compared with it. */
  listed?: number | undefined
}

/** The context windows of deployments: from the configuration, the vendors' model lists, and what their errors have named. */
export class Windows {
  readonly #clock: Clock
  readonly #learnt = new Map<string, Learnt>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Tokens; `undefined`: nobody has said. The configuration is believed before anything else, and the vendor's list before an error,
   * unless the error has named less: other limits than the model's may hold for this key. Has the list asked for in the background
   * when it is not known or stale.
   */
  windowOf(live: LiveProvider, target: Asked, catalogue: ModelCatalogue): number | undefined {
    const configured = entryOf(target.model).context_window
    if (configured !== undefined) {
      if (this.#learnt.size > 0) this.#learnt.delete(keyOf(live, target))
      return configured
    }
    catalogue.refreshInBackground(live)
    const listed = catalogue.window(live, target.upstreamModel)
    const learnt = this.#learnt.size === 0 ? undefined : this.#recall(keyOf(live, target), listed)
    return listed === undefined || learnt === undefined ? (listed ?? learnt) : Math.min(listed, learnt)
  }

  /** An error of the vendor has named the limit, in tokens. */
  learn(live: LiveProvider, target: Asked, limit: number): void {
    if (!Number.isSafeInteger(limit) || limit < leastWindow) return
    const key = keyOf(live, target)
    this.#learnt.delete(key)
    if (this.#learnt.size >= mostLearnt) this.#learnt.delete(this.#learnt.keys().next().value!)
    this.#learnt.set(key, { limit, until: this.#clock.now() + learntForMs })
  }

  /** A prompt of so many tokens was answered: a smaller limit was none. */
  answered(live: LiveProvider, target: Omit<Asked, 'model'>, tokens: number): void {
    if (this.#learnt.size === 0) return
    const key = keyOf(live, target)
    const learnt = this.#learnt.get(key)
    if (learnt !== undefined && learnt.limit < tokens) this.#learnt.delete(key)
  }

  #recall(key: string, listed: number | undefined): number | undefined {
    const learnt = this.#learnt.get(key)
    if (learnt === undefined) return undefined
    learnt.listed ??= listed
    // A list that says something else than before is newer than the error.
    const outdated = listed !== undefined && learnt.listed !== listed
    if (!outdated && this.#clock.now() < learnt.until) return learnt.limit
    this.#learnt.delete(key)
    return undefined
  }
}

/** What was learnt at another address or with another key says nothing about this one. */
function keyOf({ name, identity }: LiveProvider, { upstreamModel, caller }: Omit<Asked, 'model'>): string {
  return JSON.stringify([name, identity, upstreamModel, caller])
}
