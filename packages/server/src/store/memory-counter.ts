import type { Clock } from '@llmproxy/core'
import type { Count, Counter, Limit, Standing } from './counter.ts'

interface Window {
  count: number
  /** `clock.now()` at its end. */
  endsAt: number
}

/** Callers are configured keys; those that are gone since a reload are forgotten when there are so many, and their windows over. */
const sweptAbove = 1024

/** Counts in this process, at once: there is no promise on the way of a request. */
export class MemoryCounter implements Counter {
  readonly #clock: Clock
  readonly #callers = new Map<string, Map<string, Window>>()
  #sweepAt = sweptAbove

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Callers with a window, over or not. */
  get size(): number {
    return this.#callers.size
  }

  hit(caller: string, limits: readonly Limit[]): Standing {
    const now = this.#clock.now()
    const windows = this.#windowsOf(caller, now)
    const refusing = refusal(windows, limits, now)
    return refusing ?? count(windows, limits, now)
  }

  /** Takes over what a shared counter knows, so that counting goes on from there without it. */
  note(caller: string, { setting }: Limit, known: Count): void {
    const now = this.#clock.now()
    this.#windowsOf(caller, now).set(setting, { count: known.count, endsAt: now + known.resetMs })
  }

  #windowsOf(caller: string, now: number): Map<string, Window> {
    const known = this.#callers.get(caller)
    if (known !== undefined) return known
    if (this.#callers.size >= this.#sweepAt) this.#sweep(now)
    const made = new Map<string, Window>()
    this.#callers.set(caller, made)
    return made
  }

  #sweep(now: number): void {
    for (const [caller, windows] of this.#callers) {
      if ([...windows.values()].every(({ endsAt }) => endsAt <= now)) this.#callers.delete(caller)
    }
    this.#sweepAt = Math.max(sweptAbove, this.#callers.size * 2)
  }
}

/** The standing of the limit that refuses for longest; `undefined` when none does. */
function refusal(windows: Map<string, Window>, limits: readonly Limit[], now: number): Standing | undefined {
  let found: Limit | undefined
  let endsAt = now
  for (const limit of limits) {
    const window = windows.get(limit.setting)
    if (window === undefined || window.count < limit.points) continue
    shorten(window, limit, now)
    if (window.endsAt <= endsAt) continue
    endsAt = window.endsAt
    found = limit
  }
  if (found === undefined) return undefined
  return {
    limit: found.points,
    remaining: 0,
    resetMs: wholeMs(endsAt - now),
    setting: found.setting,
    refused: true,
  }
}

function count(windows: Map<string, Window>, limits: readonly Limit[], now: number): Standing {
  let strictest = limits[0]!
  let remaining = Infinity
  let endsAt = now
  for (const limit of limits) {
    const window = countOne(windows, limit, now)
    const left = limit.points - window.count
    if (left >= remaining) continue
    strictest = limit
    remaining = left
    endsAt = window.endsAt
  }
  return {
    limit: strictest.points,
    remaining,
    resetMs: wholeMs(endsAt - now),
    setting: strictest.setting,
    refused: false,
  }
}

function countOne(windows: Map<string, Window>, limit: Limit, now: number): Window {
  const window = windows.get(limit.setting)
  if (window === undefined) {
    const made = { count: 1, endsAt: now + limit.windowMs }
    windows.set(limit.setting, made)
    return made
  }
  shorten(window, limit, now)
  if (window.endsAt <= now) {
    window.count = 0
    window.endsAt = now + limit.windowMs
  }
  window.count += 1
  return window
}

/** The clock has fractions, and a sum less one of its parts may be a hair more than the other: a window of 30 s would have 31 s to go. */
function wholeMs(milliseconds: number): number {
  return Math.round(milliseconds)
}

/** A reload may have made windows shorter: then a running one ends sooner, too. */
function shorten(window: Window, { windowMs }: Limit, now: number): void {
  if (window.endsAt > now + windowMs) window.endsAt = now + windowMs
}
