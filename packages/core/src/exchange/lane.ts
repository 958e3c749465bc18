import type { Batch } from './batch.ts'
import type { FrameRules } from './frame-rules.ts'
import type { AttemptFault } from './transfer.ts'

/** What a lane makes of one upstream event. `done`: the upstream's own terminal marker. */
export type LaneVerdict = 'more' | 'done' | AttemptFault

/** Turns the events of one upstream stream into the client's frames. */
export interface Lane {
  readonly rules: FrameRules
  /** Bytes `start..end` of `buffer` are one event with its blank line; `plain` when it is `data: …` and nothing else. */
  event(buffer: Buffer, start: number, end: number, plain: boolean, output: Batch): LaneVerdict
  /** The upstream has closed without a terminal marker. A fault: it closed too early. */
  end(output: Batch): AttemptFault | undefined
}
