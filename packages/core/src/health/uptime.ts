/** For how long somebody, or one provider, was usable. Times are monotonic milliseconds. */
export interface Uptime {
  readonly startedAt: number
  /** Until when `usableMs` is counted. */
  readonly countedAt: number
  readonly usableMs: number
  /** Usable from then on, as far as can be known: an open breaker lets a probe through at its time. `Infinity`: not by time alone. */
  readonly usableFrom: number
}

export function startUptime(at: number, usableFrom: number): Uptime {
  return { startedAt: at, countedAt: at, usableMs: 0, usableFrom }
}

/** Call it whenever usability may have changed; what changes nothing gives the same value. */
export function markUsable(uptime: Uptime, usableFrom: number, at: number): Uptime {
  const same = usableFrom === uptime.usableFrom
  const still = uptime.usableFrom <= uptime.countedAt && usableFrom <= at
  if (same || still) return uptime
  return { ...uptime, countedAt: at, usableMs: usableMs(uptime, at), usableFrom }
}

/** The usable share of the time, as `99.95%`. Rounded down: 100% means never without. */
export function uptimePercent(uptime: Uptime, at: number): string {
  const total = at - uptime.startedAt
  const share = total <= 0 ? Number(uptime.usableFrom <= at) : usableMs(uptime, at) / total
  return `${(Math.floor(Math.min(1, share) * 10_000) / 100).toFixed(2)}%`
}

function usableMs({ countedAt, usableFrom, usableMs: before }: Uptime, at: number): number {
  return before + Math.max(0, at - Math.max(countedAt, usableFrom))
}
