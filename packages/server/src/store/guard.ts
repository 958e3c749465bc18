import { Breaker, type Clock, type Permit, type RedisTarget, type StoreFailure } from '@llmproxy/core'
import { type RedisClient, reasonOf, StoreConnection } from './connection.ts'

/** What a call gives when the store did not answer it. */
export const noAnswer: unique symbol = Symbol('no answer')

export interface GuardOptions {
  readonly target: RedisTarget
  /** Milliseconds that a call may take. */
  readonly timeoutMs: number
  /** A key that may be written, to find out whether the store works. */
  readonly probeKey: string
  readonly clock: Clock
}

/** Failed calls, one after the other, after which the store is not asked any more. */
const threshold = 3

/** Milliseconds until a store that did not answer is probed again. */
export const pauseMs = 500

/** Failed probes in a row after which the connection is made anew: its name may lead to a store that has taken over. */
const probesOfConnection = 5

/**
 * A store that may be away, or slow, and costs next to nothing then: a call ends after `timeoutMs` at the latest; after a few failures
 * there are no calls at all, until a probe in the background, not somebody's request, finds that it works again.
 */
export class StoreGuard {
  /** Called when the store begins or ceases to be of use; once at the start. `reason`: why it is not. */
  onChange: ((up: boolean, reason: string) => void) | undefined
  /** Called for each call that failed. */
  onFailure: ((how: StoreFailure) => void) | undefined
  readonly #connection: StoreConnection
  readonly #breaker: Breaker
  readonly #options: GuardOptions
  /** The connection of now has answered a probe. */
  #proven = false
  #failedProbes = 0
  /** `clock.now()` of the last failure that counted. */
  #failedAt = -Infinity
  #told: boolean | undefined
  #reason = ''
  #timer: unknown
  #closed = false

  constructor(options: GuardOptions) {
    this.#options = options
    this.#breaker = new Breaker({ threshold, timeoutMs: pauseMs }, options.clock)
    this.#breaker.onChange = () => this.#tell()
    this.#connection = new StoreConnection(options.target, {
      ready: () => this.#probe(),
      lost: (reason) => this.#lost(reason),
    })
  }

  /** Connects in the background. */
  open(): void {
    this.#connection.open()
  }

  get up(): boolean {
    return this.#proven && this.#breaker.state === 'closed'
  }

  /** Asks the store. `undefined`, at once, when it is known not to answer. The promise never rejects. */
  ask(send: (client: RedisClient) => Promise<unknown>): Promise<unknown> | undefined {
    if (!this.up) return undefined
    const permit = this.#breaker.acquire()
    return permit && this.#call(send, permit)
  }

  /** Resolves when the connection is closed, soon in any case. */
  close(): Promise<void> {
    this.#closed = true
    this.#options.clock.cancel(this.#timer)
    this.onChange = undefined
    return this.#connection.close()
  }

  #call(send: (client: RedisClient) => Promise<unknown>, permit: Permit): Promise<unknown> {
    const { clock, timeoutMs } = this.#options
    const began = clock.now()
    return new Promise((resolve) => {
      let settled = false
      const settle = (answer: unknown) => {
        if (settled) return
        settled = true
        clock.cancel(timer)
        resolve(answer)
      }
      const late = () => {
        if (!settled) this.#failed('timeout', `no answer within ${timeoutMs} ms`, { permit, began })
        settle(noAnswer)
      }
      // After a busy moment of this process its timers run first: an answer that has arrived meanwhile is read before it counts as late.
      const timer = clock.after(timeoutMs, () => setImmediate(late))
      send(this.#connection.client).then(
        (answer) => {
          permit.success()
          settle(answer)
        },
        (error: Error) => {
          if (!settled) this.#failed('error', reasonOf(error), { permit, began })
          settle(noAnswer)
        },
      )
    })
  }

  #failed(how: StoreFailure, reason: string, { permit, began }: { permit: Permit; began: number }): void {
    this.onFailure?.(how)
    // What a lost connection took along says nothing about the next one, and one moment of silence is one failure, however many wait.
    if (!this.#connection.ready || began < this.#failedAt) return permit.release()
    this.#reason = reason
    this.#failedAt = this.#options.clock.now()
    permit.failure()
  }

  #lost(reason: string): void {
    this.#proven = false
    this.#reason = reason
    this.#tell()
  }

  #probe(): void {
    this.#options.clock.cancel(this.#timer)
    if (!this.#connection.ready || this.up) return
    const permit = this.#breaker.acquire()
    if (permit === undefined) return this.#probeLater()
    void this.#call((client) => client.llmproxyProbe(this.#options.probeKey), permit).then((answer) => {
      this.#proven = answer !== noAnswer
      this.#failedProbes = this.#proven ? 0 : this.#failedProbes + 1
      this.#tell()
      if (this.#failedProbes >= probesOfConnection) {
        this.#failedProbes = 0
        this.#connection.renew()
      }
    })
  }

  #probeLater(): void {
    const { clock } = this.#options
    clock.cancel(this.#timer)
    if (this.#closed) return
    this.#timer = clock.after(this.#breaker.retryAfterMs() || pauseMs, () => this.#probe())
  }

  #tell(): void {
    const { up } = this
    if (!up) this.#probeLater()
    if (up === this.#told) return
    this.#told = up
    this.onChange?.(up, this.#reason)
  }
}
