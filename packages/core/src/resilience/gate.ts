import type { Clock } from '../clock.ts'

/** How a wait for a slot ended. Only `acquired` holds a slot. */
export type GateResult = 'acquired' | 'timeout' | 'cancelled'

interface Waiter {
  finish(result: GateResult): void
}

/**
 * Limits the requests in flight at one provider, in front of the connection pool, whose own queue has no time limit.
 * First come, first served: a newcomer never overtakes the queue. One `release()` for each slot acquired.
 */
export class Gate {
  readonly #clock: Clock
  readonly #waiters = new Set<Waiter>()
  #limit: number
  #queueTimeoutMs: number
  #inFlight = 0

  constructor(limit: number, queueTimeoutMs: number, clock: Clock) {
    this.#limit = limit
    this.#queueTimeoutMs = queueTimeoutMs
    this.#clock = clock
  }

  /** Slots taken. Above the limit only for as long as a reload has lowered it. */
  get inFlight(): number {
    return this.#inFlight
  }

  get queued(): number {
    return this.#waiters.size
  }

  /** New limits from a reloaded configuration. Those who already wait keep their time limit. */
  configure(limit: number, queueTimeoutMs: number): void {
    this.#limit = limit
    this.#queueTimeoutMs = queueTimeoutMs
    this.#admit()
  }

  /** Takes a slot when one is free and nobody waits. The fast path: no promise. */
  tryAcquire(): boolean {
    if (this.#inFlight >= this.#limit || this.#waiters.size > 0) return false
    this.#inFlight += 1
    return true
  }

  /**
   * Waits for a slot, at most the queue timeout (0: not at all). `onCancel` receives the function that gives the wait up;
   * calling it after the end does nothing. A slot that is handed over to a waiter is his to release, even if he has
   * lost interest before his promise is read.
   */
  wait(onCancel?: (cancel: () => void) => void): Promise<GateResult> {
    if (this.tryAcquire()) return Promise.resolve('acquired')
    if (this.#queueTimeoutMs <= 0) return Promise.resolve('timeout')
    return new Promise((resolve) => {
      const waiter: Waiter = {
        finish: (result) => {
          if (!this.#waiters.delete(waiter)) return
          this.#clock.cancel(timer)
          if (result === 'acquired') this.#inFlight += 1
          resolve(result)
        },
      }
      this.#waiters.add(waiter)
      const timer = this.#clock.after(this.#queueTimeoutMs, () => waiter.finish('timeout'))
      onCancel?.(() => waiter.finish('cancelled'))
    })
  }

  /** Gives a slot back, or on to the one who waits longest. */
  release(): void {
    if (this.#inFlight === 0) throw new Error('a slot was released that nobody held')
    this.#inFlight -= 1
    this.#admit()
  }

  #admit(): void {
    if (this.#waiters.size === 0) return
    for (const waiter of this.#waiters) {
      if (this.#inFlight >= this.#limit) return
      waiter.finish('acquired')
    }
  }
}
