import type { Call, HeaderMap, Operation, OperationName, PreparedRequest } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import type { ErrorKeywords } from '../condensation/keywords.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { Begun } from './continued-rules.ts'
import type { Part } from './fan-out.ts'
import type { AttemptFault } from './transfer.ts'
import type { WatchLimits } from './watch.ts'

/** Where the frames of a stream go. */
export interface StreamPort {
  /** The first frames are there: send the head, with what is passed on of the upstream's. */
  commit(headers: HeaderMap, firstByteMs: number): void
  /** `false`: the client is full. */
  write(bytes: Buffer): boolean
  end(bytes: Buffer): void
  /** Nothing has been sent for a while. */
  keepalive(): void
}

export interface AttemptInput {
  readonly live: LiveProvider
  readonly operation: OperationName
  readonly codec: Operation
  readonly call: Call
  readonly request: PreparedRequest
  /** Present when the answer takes several exchanges; `request` is the first of them. */
  readonly parts?: readonly Part[]
  /** The attempt before found a kept connection dead: this one gets a connection of its own. */
  readonly fresh?: boolean
  readonly clock: Clock
  readonly limits: WatchLimits
  /** `clock.now()` since when the client has heard nothing. */
  readonly silentSince: number
  readonly includeUsage: boolean
  /** What the client has already, when this attempt goes on with the stream of another. */
  readonly begun?: Begun | undefined
  /** What the operator's keywords say of a fault. */
  readonly keywords?: ErrorKeywords | undefined
  /** Bytes. */
  readonly responseLimit: number
  /** Bytes. */
  readonly eventLimit: number
  readonly port: StreamPort
}

export type AttemptResult =
  | { readonly kind: 'fault'; readonly fault: AttemptFault }
  | {
      readonly kind: 'whole'
      readonly status: number
      readonly headers: HeaderMap
      readonly bytes: Buffer
      /** `bytes`, parsed. */
      readonly value: unknown
    }
  | { readonly kind: 'streamed' }
  /** The stream failed after its first frames had been sent. */
  | { readonly kind: 'broken'; readonly fault: AttemptFault }
