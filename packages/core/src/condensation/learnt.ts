import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { RouteTarget } from '../routing/route-target.ts'

/** What something was learnt about. */
export interface LearntAbout extends Pick<RouteTarget, 'upstreamModel'> {
  /** Errors may repeat what a client has sent, and be for reasons of its own: nobody learns from those of another caller. */
  readonly caller: string
}

interface Entry<Value> {
  readonly value: Value
  /** `clock.now()` */
  readonly until: number
}

/** What is remembered: the names of models may come from clients. */
const mostEntries = 10_000

/**
 * What errors have told about deployments, each for some time; of too many, the oldest goes. What was learnt at another address or with
 * another key says nothing.
 */
export class Learnt<Value> {
  readonly #clock: Clock
  readonly #forMs: number
  readonly #entries = new Map<string, Entry<Value>>()

  /** `forMs`: milliseconds that it is believed. */
  constructor(clock: Clock, forMs: number) {
    this.#clock = clock
    this.#forMs = forMs
  }

  /** Replaces what was known. */
  note(live: LiveProvider, about: LearntAbout, value: Value): void {
    const key = keyOf(live, about)
    this.#entries.delete(key)
    if (this.#entries.size >= mostEntries) this.#entries.delete(this.#entries.keys().next().value!)
    this.#entries.set(key, { value, until: this.#clock.now() + this.#forMs })
  }

  /** `undefined`: nothing is known, or no more. */
  of(live: LiveProvider, about: LearntAbout): Value | undefined {
    // Most gateways never learn anything: then nothing is looked up.
    if (this.#entries.size === 0) return undefined
    const entry = this.#entries.get(keyOf(live, about))
    return entry !== undefined && entry.until > this.#clock.now() ? entry.value : undefined
  }

  forget(live: LiveProvider, about: LearntAbout): void {
    if (this.#entries.size > 0) this.#entries.delete(keyOf(live, about))
  }
}

function keyOf({ name, identity }: LiveProvider, { upstreamModel, caller }: LearntAbout): string {
  return JSON.stringify([name, identity, upstreamModel, caller])
}
