import type { Clock } from '../clock.ts'
import type { TimeoutPhase } from '../metrics/outcome.ts'
import type { AttemptFault } from './transfer.ts'

/** `…At`: absolute `clock.now()` times; `…Ms`: durations in milliseconds. `Infinity` means no limit. */
export interface WatchLimits {
  /** Until the head of the answer. */
  readonly firstByteMs: number
  /** Until the answer, or the first event of a stream, is there. */
  readonly deadlineAt: number
  /** Silence inside an answer. */
  readonly idleMs: number
  /** A whole stream. */
  readonly streamEndAt: number
  /** Silence towards the client of a stream. */
  readonly keepaliveMs: number
}

/** The limits that a watch knows. */
export type WatchedPhase = Exclude<TimeoutPhase, 'connect'>

export interface WatchListener {
  timedOut(phase: WatchedPhase): void
  keepalive(): void
}

const timeoutMessages = {
  first_byte: 'the upstream did not answer in time',
  idle: 'the upstream went silent inside its answer',
  total: 'the time limit of the request has passed',
  stream: 'the time limit of the stream has passed',
} as const satisfies Record<WatchedPhase, string>

/** What a limit that has passed means for the attempt. */
export function timeoutFault(phase: WatchedPhase): AttemptFault {
  return { kind: 'timeout', phase, message: timeoutMessages[phase] }
}

/**
 * All time limits of one attempt on one timer. Bytes only note the time; the timer looks at the notes when it fires and
 * sleeps for the rest, so that a chunk costs no timer operation.
 */
export class Watch {
  readonly #clock: Clock
  readonly #limits: WatchLimits
  readonly #listener: WatchListener
  #timer: unknown
  #firesAt = Infinity
  #answered = false
  #committed = false
  #paused = false
  #stopped = false
  #resultDue = false
  readonly #firstByteAt: number
  #heardAt: number
  #wroteAt: number

  constructor(clock: Clock, limits: WatchLimits, listener: WatchListener, silentSince: number) {
    this.#clock = clock
    this.#limits = limits
    this.#listener = listener
    this.#heardAt = clock.now()
    this.#firstByteAt = this.#heardAt + limits.firstByteMs
    this.#wroteAt = silentSince
    this.#arm(this.#heardAt)
  }

  /** Bytes of the upstream have arrived. */
  heard(): void {
    this.#heardAt = this.#clock.now()
    if (this.#answered) return
    this.#answered = true
    this.#hasten(this.#heardAt)
  }

  /** Nothing will be heard for `milliseconds`, by our own choice: silence counts from then on. */
  expectSilence(milliseconds: number): void {
    this.#heardAt = this.#clock.now() + milliseconds
  }

  /** The answer is a job: its result is what the first-byte limit is about, however often its state was told. */
  following(): void {
    this.#resultDue = true
    this.#hasten(this.#clock.now())
  }

  /** Bytes have gone to the client. */
  wrote(): void {
    this.#wroteAt = this.#heardAt
  }

  /** A stream's first event has gone out: from here on the deadline is the stream's own. */
  committed(): void {
    this.#committed = true
    this.#hasten(this.#clock.now())
  }

  /** While the client does not read, the upstream's silence is our own doing. */
  paused(paused: boolean): void {
    this.#paused = paused
    if (paused) return
    this.#heardAt = this.#clock.now()
    this.#hasten(this.#heardAt)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer)
    this.#timer = undefined
  }

  /** A new phase may have a limit that passes before the timer fires, or the first one after none at all. */
  #hasten(now: number): void {
    if (this.#stopped || Math.min(this.#limitAt(), this.#keepaliveAt()) >= this.#firesAt) return
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer)
    this.#arm(now)
  }

  #arm(now: number): void {
    const next = Math.min(this.#limitAt(), this.#keepaliveAt())
    this.#firesAt = next
    if (next === Infinity || this.#stopped) return
    this.#timer = this.#clock.after(Math.max(1, Math.ceil(next - now)), () => this.#look())
  }

  #look(): void {
    this.#timer = undefined
    this.#firesAt = Infinity
    const now = this.#clock.now()
    if (now >= this.#limitAt()) {
      this.#stopped = true
      this.#listener.timedOut(this.#phase(now))
      return
    }
    if (now >= this.#keepaliveAt()) {
      this.#wroteAt = now
      this.#listener.keepalive()
    }
    this.#arm(now)
  }

  #limitAt(): number {
    const { deadlineAt, streamEndAt } = this.#limits
    const total = this.#committed ? streamEndAt : deadlineAt
    if (!this.#answered) return Math.min(total, this.#firstByteAt)
    return Math.min(total, this.#idleAt(), this.#resultDue ? this.#firstByteAt : Infinity)
  }

  #idleAt(): number {
    return this.#paused ? Infinity : this.#heardAt + this.#limits.idleMs
  }

  #keepaliveAt(): number {
    return this.#paused ? Infinity : this.#wroteAt + this.#limits.keepaliveMs
  }

  #phase(now: number): WatchedPhase {
    const { deadlineAt, streamEndAt } = this.#limits
    if (this.#committed && now >= streamEndAt) return 'stream'
    if (!this.#committed && now >= deadlineAt) return 'total'
    return this.#answered && now >= this.#idleAt() ? 'idle' : 'first_byte'
  }
}
