/** The part of a clock that the mock needs, so that tests can move time. The gateway's own clock fits. */
export interface MockClock {
  /** Monotonic milliseconds. */
  now(): number
  /** Runs `callback` once after `milliseconds`. The result is for `cancel()` only. */
  after(milliseconds: number, callback: () => void): unknown
  cancel(timer: unknown): void
}

/** The clock of the machine. */
export const realClock: MockClock = {
  now: () => performance.now(),
  after: (milliseconds, callback) => setTimeout(callback, milliseconds),
  cancel: (timer) => clearTimeout(timer as NodeJS.Timeout),
}
