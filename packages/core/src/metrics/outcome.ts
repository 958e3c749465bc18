import type { Fault, OperationName } from '@llmproxy/provider-kit'
import type { Condensed } from './condensation.ts'

/**
 * How a request ended. Client bytes, usage, breaker, metrics and log all come from this one value.
 * `rejected`: no upstream was asked (unknown model, bad body, everything unavailable).
 */
export const endings = [
  'complete',
  'upstream_error',
  'upstream_cut',
  'client_gone',
  'proxy_timeout',
  'rejected',
] as const
export type Ending = (typeof endings)[number]

/** Token counts of one request; `null` in an outcome means unknown, which is not zero. */
export interface TokenUsage {
  readonly input: number
  readonly output: number
  readonly total: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly reasoning: number
}

/**
 * The time limits that an attempt can reach: to connect, to the first byte of the answer, of silence inside it, of the request until
 * its answer (`total`), of a whole stream.
 */
export const timeoutPhases = ['connect', 'first_byte', 'idle', 'total', 'stream'] as const
export type TimeoutPhase = (typeof timeoutPhases)[number]

/**
 * What became of a stream that broke off and might have been continued. `failed`: somebody was asked, in vain. `impossible`: nobody
 * could be. `abandoned`: the client left.
 */
export const continuationResults = ['complete', 'failed', 'impossible', 'abandoned'] as const
export type ContinuationResult = (typeof continuationResults)[number]

/** One try of one deployment. */
export interface AttemptRecord {
  readonly provider: string
  readonly type: string
  /** The upstream model id. */
  readonly model: string
  /** Milliseconds until the attempt's verdict: a fault, a whole body, or the end of its stream. */
  readonly durationMs: number
  /** Milliseconds until the first response byte; `null` when none came. */
  readonly firstByteMs: number | null
  /** `phase`: which of the gateway's time limits passed, when one did. */
  readonly fault?: Fault & { readonly phase?: TimeoutPhase }
  /** The environment variable of the key that was used, where the provider has several. */
  readonly key?: string
}

/** Everything there is to know about one client request, made once, when its body has ended. */
export interface Outcome {
  readonly requestId: string
  readonly operation: OperationName
  readonly caller: string
  /** The model that the client asked for. */
  readonly model: string
  readonly stream: boolean
  readonly ending: Ending
  /** The HTTP status sent, or that would have been sent had the client stayed. */
  readonly status: number
  /** The code of the error sent, when one was. */
  readonly errorCode: string | null
  /** The provider that answered, or the last one tried; `null` when none was. */
  readonly provider: string | null
  readonly upstreamModel: string | null
  readonly attempts: readonly AttemptRecord[]
  /** Deployments that were passed over without a request: the code of their fault says why. Absent: none. */
  readonly skipped?: readonly AttemptRecord[]
  readonly usage: TokenUsage | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly durationMs: number
  /** Milliseconds to the first content event of a stream; `null` otherwise. */
  readonly firstChunkMs: number | null
  /** Milliseconds spent in the gateway before the successful attempt's request left. */
  readonly overheadMs: number
  readonly bytesOut: number
  /** Stream frames that the gateway dropped or repaired. */
  readonly repairedFrames: number
  readonly dropped: readonly string[]
  /** Of a stream that broke off and might have been continued: whether another attempt went on with it. Absent: there was none. */
  readonly continuation?: ContinuationResult
  /** Of a request that did not fit its model: what was done to it. Absent: it was sent as it came. */
  readonly condensed?: Condensed
}
