import type { Clock } from '../clock.ts'
import { SlidingWindow } from './sliding-window.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'

export interface BreakerOptions {
  /** Failures that open the breaker. */
  readonly threshold: number
  /** Milliseconds from opening to the first probe. */
  readonly timeoutMs: number
  /** Milliseconds in which failures count. Default 0: failures in a row count, however long ago. */
  readonly windowMs?: number
}

/** The right to one attempt. The first call settles it, later ones do nothing. */
export interface Permit {
  success(): void
  failure(): void
  /** The attempt says nothing about the upstream: the client left, or the client's own mistake. */
  release(): void
}

type Verdict = 'success' | 'failure' | 'release'

class LivePermit implements Permit {
  readonly #epoch: number
  #settle: ((epoch: number, verdict: Verdict) => void) | undefined

  constructor(epoch: number, settle: (epoch: number, verdict: Verdict) => void) {
    this.#epoch = epoch
    this.#settle = settle
  }

  success(): void {
    this.#once('success')
  }

  failure(): void {
    this.#once('failure')
  }

  release(): void {
    this.#once('release')
  }

  #once(verdict: Verdict): void {
    const settle = this.#settle
    this.#settle = undefined
    settle?.(this.#epoch, verdict)
  }
}

/** What a half-open breaker, whose probe is on its way, tells clients to wait: nobody knows when the probe ends. */
const probeRetryAfterMs = 1_000

/**
 * Stops asking a deployment that keeps failing. It hands out permits instead of wrapping a call, because the verdict
 * on a stream is known only at its end. It opens at `threshold` failures in a row or, with a window, at so many within it when they
 * are half of the attempts in it or more. After `timeoutMs` one probe at a time is admitted; its success closes, its failure opens
 * again. A verdict from before the last change of state is stale and changes nothing.
 */
export class Breaker {
  /** Called after each change of state. `told`: by another gateway, not by what was seen here. */
  onChange: ((state: BreakerState, told: boolean) => void) | undefined
  readonly #clock: Clock
  #options: BreakerOptions
  #state: BreakerState = 'closed'
  /** In a row. */
  #failures = 0
  /** Absent: failures in a row are what counts. */
  #window: SlidingWindow | undefined
  #openUntil = 0
  #probing = false
  /** Counts changes of state, so that a permit knows whether it is stale. */
  #epoch = 0

  constructor(options: BreakerOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#window = windowOf(options)
  }

  /** `half_open` as soon as a probe is due, so that a router asks the deployment again. */
  get state(): BreakerState {
    return this.#state === 'open' && this.#clock.now() >= this.#openUntil ? 'half_open' : this.#state
  }

  /** New limits from a reloaded configuration; the state stays, and so does the count unless it is made in another way now. */
  configure(options: BreakerOptions): void {
    const { windowMs = 0 } = this.#options
    this.#options = options
    if (windowMs === (options.windowMs ?? 0)) return
    this.#failures = 0
    this.#window = windowOf(options)
  }

  /** Another gateway has found the deployment failing: open for so long. Permits that are out settle nothing any more. */
  hold(milliseconds: number): void {
    const forMs = Math.min(milliseconds, this.#options.timeoutMs)
    // Not a number would be a pause without an end.
    if (!(forMs > 0)) return
    const until = this.#clock.now() + forMs
    if (this.#state === 'open' && until <= this.#openUntil) return
    const isOpen = this.state === 'open'
    this.#openUntil = until
    if (!isOpen) this.#change('open', true)
  }

  /** `undefined`: do not ask this deployment now. Every permit must be settled. */
  acquire(): Permit | undefined {
    if (this.#state === 'closed') return this.#permit()
    if (this.#state === 'open') {
      if (this.#clock.now() < this.#openUntil) return undefined
      this.#change('half_open')
    }
    if (this.#probing) return undefined
    this.#probing = true
    return this.#permit()
  }

  /** Milliseconds until `acquire()` may answer; 0 when it would now. */
  retryAfterMs(): number {
    if (this.#state === 'open') return Math.max(0, this.#openUntil - this.#clock.now())
    return this.#probing ? probeRetryAfterMs : 0
  }

  #permit(): Permit {
    return new LivePermit(this.#epoch, this.#onVerdict)
  }

  readonly #onVerdict = (epoch: number, verdict: Verdict): void => {
    if (epoch === this.#epoch) this.#settle(verdict)
  }

  #settle(verdict: Verdict): void {
    this.#probing = false
    if (verdict === 'release') return
    const failed = verdict === 'failure'
    if (this.#state === 'closed') {
      if (!this.#isTooMuch(failed)) return
    } else if (!failed) return this.#change('closed')
    this.#openUntil = this.#clock.now() + this.#options.timeoutMs
    this.#change('open')
  }

  /** Counts one more attempt. True when its failure is one too many. */
  #isTooMuch(failed: boolean): boolean {
    const { threshold } = this.#options
    if (this.#window === undefined) {
      this.#failures = failed ? this.#failures + 1 : 0
      return this.#failures >= threshold
    }
    const now = this.#clock.now()
    this.#window.add(failed, now)
    if (!failed) return false
    const failures = this.#window.failures(now)
    return failures >= threshold && failures * 2 >= this.#window.attempts(now)
  }

  #change(state: BreakerState, told = false): void {
    this.#state = state
    this.#failures = 0
    this.#window?.clear()
    this.#probing = false
    this.#epoch += 1
    this.onChange?.(state, told)
  }
}

function windowOf({ windowMs = 0 }: BreakerOptions): SlidingWindow | undefined {
  return windowMs > 0 ? new SlidingWindow(windowMs) : undefined
}
