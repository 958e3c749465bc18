import type { Dispatcher } from 'undici'
import type { Snapshot } from './snapshot.ts'

/** A snapshot with the requests that began with it. */
export interface Generation {
  readonly snapshot: Snapshot
  users: number
}

/**
 * The snapshot that new requests begin with, and those that running requests still hold. Connections are closed when the last
 * generation that knows them is over.
 */
export class Generations {
  #current: Generation
  /** Retired, and still in use. */
  readonly #old = new Set<Generation>()

  constructor(snapshot: Snapshot) {
    this.#current = { snapshot, users: 0 }
  }

  get snapshot(): Snapshot {
    return this.#current.snapshot
  }

  enter(): Generation {
    this.#current.users += 1
    return this.#current
  }

  /** Something that outlives its request still needs the connections of a snapshot. The result lets go of them. */
  hold(snapshot: Snapshot): () => void {
    const known = [this.#current, ...this.#old].find((generation) => generation.snapshot === snapshot)
    if (known === undefined) return () => undefined
    known.users += 1
    return () => this.leave(known)
  }

  leave(generation: Generation): void {
    generation.users -= 1
    if (generation.users === 0 && this.#old.delete(generation)) this.#close(generation)
  }

  /** Requests that run keep their snapshot; those that begin get this one. */
  replace(snapshot: Snapshot): void {
    const retired = this.#current
    this.#current = { snapshot, users: 0 }
    if (retired.users > 0) this.#old.add(retired)
    else this.#close(retired)
  }

  /** The connections of every generation. */
  upstreams(): ReadonlySet<Dispatcher> {
    return new Set([this.#current, ...this.#old].flatMap(({ snapshot }) => upstreamsOf(snapshot)))
  }

  #close({ snapshot }: Generation): void {
    const used = this.upstreams()
    for (const upstream of upstreamsOf(snapshot)) {
      // Gracefully: a health check or a model list may be on its way, which no generation counts.
      if (!used.has(upstream)) upstream.close().catch(() => undefined)
    }
  }
}

function upstreamsOf({ live }: Snapshot): readonly Dispatcher[] {
  return [...live.values()].flatMap(({ upstream, elsewhere }) =>
    upstream === undefined ? elsewhere : [upstream, elsewhere],
  )
}
