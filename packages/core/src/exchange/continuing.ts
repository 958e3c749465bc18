import type { Ingress } from '../ingress/ingress.ts'
import type { ContinuationResult, TokenUsage } from '../metrics/outcome.ts'
import { type Continuation, continuationOf } from './continuation.ts'
import { Transcript } from './continuation-transcript.ts'
import type { Begun } from './continued-rules.ts'

/** What is kept of a stream, for the case that another upstream must go on with it. */
export class Continuing {
  readonly #ingress: Ingress
  readonly #transcript = new Transcript()
  /** What is asked now: the client's request, or the rest of its answer. */
  asked: Ingress
  /** What the client has of the answer that is asked for. */
  begun: Begun | undefined
  /** Set when a stream broke off. */
  result: ContinuationResult | undefined

  constructor(ingress: Ingress) {
    this.#ingress = ingress
    this.asked = ingress
  }

  /** Frames that the client was given. */
  add(frames: Buffer): void {
    this.#transcript.add(frames)
  }

  /**
   * The rest of what the client has been given so far is asked for from here on. `usage`: of all attempts. `undefined`: nobody can
   * go on with it.
   */
  next(usage: TokenUsage | null): Continuation | undefined {
    const said = this.#transcript.said()
    const rest = said && continuationOf(this.#ingress, said, usage)
    if (rest === undefined) return undefined
    this.asked = rest.ingress
    this.begun = rest.begun
    return rest
  }
}
