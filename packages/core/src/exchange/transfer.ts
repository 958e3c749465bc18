import type { Fault, HeaderMap } from '@llmproxy/provider-kit'
import type { TimeoutPhase } from '../metrics/outcome.ts'

/** A fault with what the retry policy needs to know about where it happened. */
export interface AttemptFault extends Fault {
  /** Which time limit passed, when one did. */
  readonly phase?: TimeoutPhase
  /** Not one byte of the request can have reached the upstream. */
  readonly nothingSent?: boolean
  /** A kept-alive socket died before any byte of the answer: the classic keep-alive race. */
  readonly reusedSocketDied?: boolean
  /** The upstream asks not to be asked again (`x-should-retry: false`). */
  readonly refusesRetry?: boolean
  /** The upstream has begun a job, which is paid for: asking the same vendor again would begin another one. */
  readonly jobBegun?: boolean
  /** The error was reported by the upstream itself, inside a 2xx answer. */
  readonly inBand?: boolean
  /** What a provider's code threw that is no fault of the upstream's: a bug in the plugin, for the operator's log only. */
  readonly thrown?: unknown
  /** The upstream's own error body, when it has the shape that the client's dialect uses. */
  readonly envelope?: string
  /** The head of the upstream's answer, when that was the failure. */
  readonly headers?: HeaderMap
}

/** Receives one upstream answer. After `end` or `failed` nothing more is called. */
export interface Receiver {
  start(status: number, headers: HeaderMap): void
  data(chunk: Buffer): void
  end(): void
  failed(fault: AttemptFault): void
}

/** The running conversation behind a `Receiver`. */
export interface Transfer {
  pause(): void
  resume(): void
  /** Ends the conversation at once and silently: the receiver hears nothing more. Harmless when it is over. */
  abort(): void
}
