import { afterInBackground, type Clock } from '../clock.ts'

/** The summary of a beginning of a conversation. */
export interface KnownSummary {
  readonly text: string
  /** What the text could not tell of, each with its number: `{ image: 2 }`. */
  readonly leftOut: Readonly<Record<string, number>>
}

export interface SummaryCacheLimits {
  /** Milliseconds that a summary is kept; 0: none is. */
  readonly ttlMs: number
  /** Of all summaries with their keys, at most. */
  readonly maxBytes: number
}

interface Entry {
  readonly summary: KnownSummary
  readonly bytes: number
  /** `clock.now()` when it was set. */
  readonly setAt: number
}

/** What an entry takes beside its texts, measured: two places in maps, and the objects. */
const entryBytes = 400

/** Milliseconds between two looks for what nobody asks for any more, at least. */
const tidyMs = 1_000

/**
 * Summaries of this process, each found by its caller and its key alone. Kept for a time from when they were set, however often they
 * are used; of too many, those that were not used for longest go. A summary that is larger than everything is not kept.
 */
export class SummaryCache {
  readonly #clock: Clock
  #limits: SummaryCacheLimits
  /** The same entries twice: those in front were not used, or were set, longest ago. */
  readonly #byUse = new Map<string, Entry>()
  readonly #byAge = new Map<string, Entry>()
  #bytes = 0
  /** Nothing was set before: what would be searched for at every look is mostly not there. */
  #oldestAt = Infinity
  /** There is one while there are summaries. */
  #timer: unknown

  constructor(clock: Clock, limits: SummaryCacheLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Other limits, which hold at once, and for what is there already. With a time of 0 it is empty from now on, and has no timer. */
  configure(limits: SummaryCacheLimits): void {
    this.#limits = limits
    this.#forgetOld()
    this.#forgetUnused()
    this.#tidyLater()
  }

  /** `key`: a digest. */
  get(caller: string, key: string): KnownSummary | undefined {
    this.#forgetOld()
    const place = placeOf(caller, key)
    const entry = this.#byUse.get(place)
    if (entry === undefined) return undefined
    this.#byUse.delete(place)
    this.#byUse.set(place, entry)
    return entry.summary
  }

  /** Replaces what was there, also when the new one is too large to be kept. */
  set(caller: string, key: string, summary: KnownSummary): void {
    this.#forgetOld()
    const place = placeOf(caller, key)
    this.#forget(place)
    const bytes = bytesOf(place, summary)
    const { ttlMs, maxBytes } = this.#limits
    if (ttlMs <= 0 || bytes > maxBytes) return
    const setAt = this.#clock.now()
    const entry = { summary, bytes, setAt }
    this.#byUse.set(place, entry)
    this.#byAge.set(place, entry)
    this.#bytes += bytes
    this.#oldestAt = Math.min(this.#oldestAt, setAt)
    this.#forgetUnused()
    if (this.#timer === undefined) this.#tidyLater()
  }

  /** An estimate from above. */
  get bytes(): number {
    this.#forgetOld()
    return this.#bytes
  }

  /** Summaries. */
  get size(): number {
    this.#forgetOld()
    return this.#byUse.size
  }

  /** Conversations do not stay in memory because nobody goes on with any. */
  #tidyLater(): void {
    const clock = this.#clock
    clock.cancel(this.#timer)
    this.#timer = undefined
    if (this.#byAge.size === 0) return
    const due = this.#oldestAt + this.#limits.ttlMs - clock.now()
    this.#timer = afterInBackground(clock, Math.max(tidyMs, due), () => {
      this.#forgetOld()
      this.#tidyLater()
    })
  }

  #forgetOld(): void {
    const until = this.#clock.now() - this.#limits.ttlMs
    if (this.#oldestAt > until) return
    for (const [place, { setAt }] of this.#byAge) {
      this.#oldestAt = setAt
      if (setAt > until) return
      this.#forget(place)
    }
    this.#oldestAt = Infinity
  }

  #forgetUnused(): void {
    if (this.#bytes <= this.#limits.maxBytes) return
    for (const place of this.#byUse.keys()) {
      this.#forget(place)
      if (this.#bytes <= this.#limits.maxBytes) return
    }
  }

  #forget(place: string): void {
    const entry = this.#byUse.get(place)
    if (entry === undefined) return
    this.#bytes -= entry.bytes
    this.#byUse.delete(place)
    this.#byAge.delete(place)
  }
}

/** The caller's length stands in front, so that no caller and key read like another caller and key. */
function placeOf(caller: string, key: string): string {
  return `${caller.length}:${caller}${key}`
}

/** Two bytes for each unit, which is what an engine takes for a text as soon as one of its characters is above 255. */
function bytesOf(place: string, { text, leftOut }: KnownSummary): number {
  const names = Object.keys(leftOut).reduce((sum, name) => sum + name.length, 0)
  return entryBytes + 2 * (place.length + text.length + names)
}
