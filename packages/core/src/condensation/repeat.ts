import type { Clock } from '../clock.ts'

export interface Rhythm {
  /** `clock.now()`: from here on the times are counted. */
  readonly since: number
  /** 0: never. */
  readonly everyMs: number
}

/** Calls `work` in a rhythm that began earlier, until the result is called. */
export function repeat(clock: Clock, { since, everyMs }: Rhythm, work: () => void): () => void {
  if (everyMs <= 0) return () => undefined
  // Timers may fire a little early: what was due is not counted from them.
  let due = since + Math.floor((clock.now() - since) / everyMs) * everyMs
  let timer: unknown
  const next = () => {
    due += everyMs
    timer = clock.after(Math.max(0, due - clock.now()), () => {
      work()
      next()
    })
  }
  next()
  return () => clock.cancel(timer)
}
