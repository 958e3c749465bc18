import type { SseEvent } from '@llmproxy/provider-kit'
import type { Batch } from './batch.ts'
import type { AttemptFault } from './transfer.ts'

/** What a lane makes of one upstream event. `done`: the upstream's own terminal marker. */
export type LaneVerdict = 'more' | 'done' | AttemptFault

/** What a stream has shown so far. */
export interface StreamState {
  /** OpenAI's usage object, the last one seen. */
  readonly usage: unknown
  /** The answer has said how it ended. */
  readonly finished: boolean
  readonly sawContent: boolean
  /** Frames that were dropped or mended. */
  readonly repaired: number
}

/** Turns the events of one upstream stream into the client's frames. */
export interface Lane {
  readonly state: StreamState
  /** Bytes `start..end` of `buffer` are one event with its blank line; `plain` when it is `data: …` and nothing else. */
  event(buffer: Buffer, start: number, end: number, plain: boolean, output: Batch): LaneVerdict
  /** One event that the provider's own framing has cut out. Only lanes of providers with one have it. */
  decode?(event: SseEvent, output: Batch): LaneVerdict
  /** The upstream has closed without a terminal marker. A fault: it closed too early. */
  end(output: Batch): AttemptFault | undefined
  /** The stream is complete: what the client must still get, the dialect's terminal marker included. */
  finish(output: Batch): void
}
