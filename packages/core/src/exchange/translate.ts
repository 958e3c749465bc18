import type { FrameRules, SseEvent, StreamDecoder } from '@llmproxy/provider-kit'
import type { Batch } from './batch.ts'
import { thrownFault } from './classify.ts'
import { closeFrames } from './close-frames.ts'
import { dataFrame } from './event-format.ts'
import type { Lane, LaneVerdict } from './lane.ts'
import { closedTooEarly } from './relay.ts'
import { parseEvent } from './sse.ts'
import type { AttemptFault } from './transfer.ts'

/** The lane of upstreams with a dialect of their own: the provider decodes, the same rules hold for what comes out. */
export class TranslateLane implements Lane {
  readonly state: FrameRules
  readonly #decoder: StreamDecoder<unknown>

  constructor(rules: FrameRules, decoder: StreamDecoder<unknown>) {
    this.state = rules
    this.#decoder = decoder
  }

  event(buffer: Buffer, start: number, end: number, _plain: boolean, output: Batch): LaneVerdict {
    const event = parseEvent(buffer, start, end)
    return event === undefined ? 'more' : this.decode(event, output)
  }

  decode(event: SseEvent, output: Batch): LaneVerdict {
    try {
      return this.#write(this.#decoder.event(event), output) ?? 'more'
    } catch (error) {
      return { ...thrownFault(error), inBand: true }
    }
  }

  end(output: Batch): AttemptFault | undefined {
    try {
      const fault = this.#write(this.#decoder.end?.() ?? [], output)
      if (fault !== undefined) return fault
    } catch (error) {
      return thrownFault(error)
    }
    // The decoder says that nothing is missing, and knows: some vendors give fewer choices than were asked for.
    return this.state.ended ? undefined : closedTooEarly
  }

  finish(output: Batch): void {
    closeFrames(this.state, output)
  }

  #write(chunks: readonly unknown[], output: Batch): AttemptFault | undefined {
    for (const chunk of chunks) {
      const verdict = this.state.inspect(chunk)
      if (typeof verdict === 'object')
        return { kind: 'bad_response', message: 'the upstream’s stream is not understood' }
      if (verdict !== 'drop') output.addText(dataFrame(JSON.stringify(chunk)))
    }
    return undefined
  }
}
