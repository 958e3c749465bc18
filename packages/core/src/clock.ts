/** Time as a parameter. Everything in the gateway reads it here, so tests can move it. */
export interface Clock {
  /** Monotonic milliseconds, fractional. */
  now(): number
  /** Milliseconds since the epoch. */
  epoch(): number
  /** Runs `callback` once after `milliseconds`. The result is for `cancel()` only. */
  after(milliseconds: number, callback: () => void): unknown
  cancel(timer: unknown): void
}

export const systemClock: Clock = {
  now: () => performance.now(),
  epoch: () => Date.now(),
  after: (milliseconds, callback) => setTimeout(callback, milliseconds),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
}
