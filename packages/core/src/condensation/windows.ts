import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { ModelCatalogue } from '../model-catalogue.ts'
import { entryOf, type RouteTarget } from '../routing/route-target.ts'
import { Learnt, type LearntAbout } from './learnt.ts'

/** What a window belongs to. */
type Asked = LearntAbout & Pick<RouteTarget, 'model'>

/** Milliseconds that a limit from an error is believed: vendors raise them. */
const learntForMs = 24 * 60 * 60 * 1000
/** Tokens. No model for conversations has fewer, so an error or a list that names fewer has counted something else. */
const leastWindow = 256

interface Limit {
  readonly tokens: number
  /** What the vendor's list said when the limit was first compared with it. */
  listed?: number | undefined
}

/** The context windows of deployments: from the configuration, the vendors' model lists, and what their errors have named. */
export class Windows {
  readonly #learnt: Learnt<Limit>

  constructor(clock: Clock) {
    this.#learnt = new Learnt(clock, learntForMs)
  }

  /**
   * Tokens; `undefined`: nobody has said. The configuration is believed before anything else, and the vendor's list before an error,
   * unless the error has named less: other limits than the model's may hold for this key. Has the list asked for in the background
   * when it is not known or stale.
   */
  windowOf(live: LiveProvider, target: Asked, catalogue: ModelCatalogue): number | undefined {
    const configured = entryOf(target.model).context_window
    if (configured !== undefined) {
      this.#learnt.forget(live, target)
      return configured
    }
    catalogue.refreshInBackground(live)
    const listed = plausible(catalogue.window(live, target.upstreamModel))
    const learnt = this.#recall(live, target, listed)
    return listed === undefined || learnt === undefined ? (listed ?? learnt) : Math.min(listed, learnt)
  }

  /** An error of the vendor has named the limit, in tokens. */
  learn(live: LiveProvider, target: Asked, limit: number): void {
    if (!Number.isSafeInteger(limit) || plausible(limit) === undefined) return
    this.#learnt.note(live, target, { tokens: limit })
  }

  /** A prompt of so many tokens was answered: a smaller limit was none. */
  answered(live: LiveProvider, about: LearntAbout, tokens: number): void {
    const limit = this.#learnt.of(live, about)
    if (limit !== undefined && limit.tokens < tokens) this.#learnt.forget(live, about)
  }

  #recall(live: LiveProvider, about: LearntAbout, listed: number | undefined): number | undefined {
    const limit = this.#learnt.of(live, about)
    if (limit === undefined) return undefined
    limit.listed ??= listed
    // A list that says something else than before is newer than the error.
    if (listed === undefined || limit.listed === listed) return limit.tokens
    this.#learnt.forget(live, about)
    return undefined
  }
}

/** The number, where it can be the window of a model. */
export function plausible(tokens: number | undefined): number | undefined {
  return tokens === undefined || tokens < leastWindow ? undefined : tokens
}
