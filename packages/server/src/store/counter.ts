/** A limit of the configuration. */
export interface Limit {
  /** Its configuration key. Counts are kept under it, so that they go on when a reload changes the other members. */
  readonly setting: string
  /** Requests of one caller in one window; at least 1. */
  readonly points: number
  /** Milliseconds from the first request of a window to its end. */
  readonly windowMs: number
}

/** Where a caller stands within its most restrictive limit. */
export interface Standing {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until the limit's window starts anew. */
  readonly resetMs: number
  /** The configuration key of the limit. */
  readonly setting: string
  readonly refused: boolean
}

/** The limits of a caller cannot be looked up, and the configuration asks to refuse then. */
export interface Unknown {
  readonly unknown: true
  /** Milliseconds until it is worth asking again. */
  readonly retryAfterMs: number
}

/** What a counter says about one request. */
export type Verdict = Standing | Unknown

/**
 * Where requests are counted: in this process, in Redis for several instances, in the first process for several workers.
 * Windows are fixed: one begins with the first request of a caller that a limit counts, and ends `windowMs` later.
 */
export interface Counter {
  /**
   * Counts one request of a caller against all of `limits` (one or more), or, when one of them is used up, against none: a refused
   * request costs its caller nothing. One step, whoever else counts at the same time. Never throws and never rejects; a promise
   * only where the answer is not here.
   */
  hit(caller: string, limits: readonly Limit[]): Verdict | Promise<Verdict>
}

/** What one limit of a caller has counted. */
export interface Count {
  /** Requests of the running window. */
  readonly count: number
  /** Milliseconds until the window ends. */
  readonly resetMs: number
}

/** The standing that follows from what each limit has counted, this request included when none refused it. */
export function standingOf(limits: readonly Limit[], counts: readonly Count[], refused: boolean): Standing {
  let strictest: Standing | undefined
  limits.forEach(({ points, setting }, index) => {
    const { count, resetMs } = counts[index]!
    const remaining = Math.max(0, points - count)
    // Of several that refuse, the one that does so for longest: before its end the caller need not come back.
    const stricter =
      strictest === undefined ||
      remaining < strictest.remaining ||
      (refused && remaining === 0 && resetMs > strictest.resetMs)
    if (stricter) strictest = { limit: points, remaining, resetMs, setting, refused }
  })
  return strictest!
}
