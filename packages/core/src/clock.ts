/** Time as a parameter. Everything in the gateway reads it here, so tests can move it. */
export interface Clock {
  /** Monotonic milliseconds, fractional. */
  now(): number
  /** Milliseconds since the epoch. */
  epoch(): number
  /** Runs `callback` once after `milliseconds`, at most 24 days. The result is for `cancel()` only. */
  after(milliseconds: number, callback: () => void): unknown
  cancel(timer: unknown): void
}

/** Node runs a timer above this at once. */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after: (milliseconds, callback) => setTimeout(callback, Math.min(milliseconds, longestTimerMs)),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
}

/** The same as `clock.after()`, by a timer that does not keep the process alive. */
export function afterInBackground(clock: Clock, milliseconds: number, callback: () => void): unknown {
  const timer = clock.after(milliseconds, callback)
  // A clock of a test has timers of its own kind.
  ;(timer as Partial<NodeJS.Timeout>).unref?.()
  return timer
}
