/** For how long a usable provider was there. Times are monotonic milliseconds. */
export interface Uptime {
  readonly startedAt: number
  readonly usable: boolean
  /** When `usable` last changed. */
  readonly since: number
  /** Usable milliseconds before `since`. */
  readonly usableMs: number
}

export function startUptime(at: number, usable: boolean): Uptime {
  return { startedAt: at, usable, since: at, usableMs: 0 }
}

/** Call it whenever usability may have changed; the same value again changes nothing. */
export function markUsable(uptime: Uptime, usable: boolean, at: number): Uptime {
  if (usable === uptime.usable) return uptime
  return { ...uptime, usable, since: at, usableMs: usableMs(uptime, at) }
}

/** The share of time with a usable provider, as `99.95%`. Rounded down: 100% means never without. */
export function uptimePercent(uptime: Uptime, at: number): string {
  const total = at - uptime.startedAt
  const share = total <= 0 ? Number(uptime.usable) : usableMs(uptime, at) / total
  return `${(Math.floor(Math.min(1, share) * 10_000) / 100).toFixed(2)}%`
}

function usableMs({ usable, since, usableMs: before }: Uptime, at: number): number {
  return before + (usable ? Math.max(0, at - since) : 0)
}
