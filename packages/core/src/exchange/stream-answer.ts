import type { Framing, SseEvent } from '@llmproxy/provider-kit'
import { findBulk, isNestedTooDeep } from './json-bulk.ts'
import { Batch } from './batch.ts'
import { thrownFault } from './classify.ts'
import type { Lane, LaneVerdict } from './lane.ts'
import { type SseSink, SseSplitter } from './sse.ts'
import type { AttemptFault } from './transfer.ts'
import { nestedTooDeep } from './whole-answer.ts'

export interface StreamListener {
  /** The next frames for the client. The first call is the commit. */
  frames(bytes: Buffer): void
  /** The stream is complete; `bytes` are its last. */
  complete(bytes: Buffer): void
  /** It is not, and nothing more will come. Frames that came before have been handed over. */
  faulted(fault: AttemptFault): void
}

/** One upstream stream: bytes in, the client's frames out, exactly one `complete` or `faulted`. */
export class StreamAnswer implements SseSink {
  readonly #lane: Lane
  readonly #listener: StreamListener
  readonly #splitter: SseSplitter
  readonly #framing: Framing | undefined
  readonly #output = new Batch()
  readonly #limit: number
  /** Since there was last something for the client. */
  #barrenBytes = 0
  #barrenEvents = 0
  #fault: AttemptFault | undefined
  #done = false
  #over = false

  /** `framing`: how the bytes are cut into events when they are no server-sent events. */
  constructor(lane: Lane, listener: StreamListener, eventLimit: number, framing?: Framing) {
    this.#lane = lane
    this.#listener = listener
    this.#framing = framing
    this.#limit = eventLimit
    this.#splitter = new SseSplitter(eventLimit)
  }

  data(chunk: Buffer): void {
    if (this.#over) return
    this.#barrenBytes += chunk.length
    try {
      if (this.#framing === undefined) this.#splitter.push(chunk, this)
      else for (const event of this.#framing.push(chunk)) this.#framed(event)
    } catch (error) {
      this.#fault ??= thrownFault(error)
    }
    this.#flush()
  }

  /** One event from the splitter. After a verdict that ends the stream the rest of the bytes is nobody's. */
  event(buffer: Buffer, start: number, end: number, plain: boolean): void {
    this.#barrenEvents++
    if (this.#done || this.#fault !== undefined) return
    this.#note(
      findBulk(buffer, Infinity, start, end) === undefined
        ? this.#lane.event(buffer, start, end, plain, this.#output)
        : nestedTooDeep,
    )
  }

  #framed(event: SseEvent): void {
    this.#barrenEvents++
    if (this.#done || this.#fault !== undefined) return
    this.#note(isNestedTooDeep(event.data) ? nestedTooDeep : this.#lane.decode!(event, this.#output))
  }

  #note(verdict: LaneVerdict): void {
    if (verdict === 'done') this.#done = true
    else if (verdict !== 'more') this.#fault = verdict
  }

  /** The upstream has closed its body in good order. */
  end(): void {
    if (this.#over) return
    try {
      if (this.#framing === undefined) this.#splitter.finish(this)
      else for (const event of this.#framing.end()) this.#framed(event)
    } catch (error) {
      this.#fault ??= thrownFault(error)
    }
    this.#conclude()
  }

  /** The upstream has said how its answer ends but leaves its body open: what it has half said is dropped. */
  enough(): void {
    if (!this.#over) this.#conclude()
  }

  #conclude(): void {
    if (!this.#done && this.#fault === undefined) {
      this.#fault = this.#lane.end(this.#output)
      this.#done = this.#fault === undefined
    }
    this.#flush()
  }

  /** The transport has failed. An answer that has said its finish reason is whole all the same. */
  broken(fault: AttemptFault): void {
    if (this.#over) return
    if (this.#lane.state.finished) this.#finish()
    else this.#fail(fault)
  }

  #fail(fault: AttemptFault): void {
    this.#over = true
    this.#listener.faulted(fault)
  }

  #flush(): void {
    if (this.#done && this.#fault === undefined) {
      this.#finish()
      return
    }
    const bytes = this.#output.take()
    if (bytes !== undefined) {
      this.#barrenBytes = 0
      this.#barrenEvents = 0
      this.#listener.frames(bytes)
    } else if (this.#barrenBytes > this.#limit || this.#barrenEvents > mostBarren) this.#fault ??= barren
    if (this.#fault !== undefined) this.#fail(this.#fault)
  }

  #finish(): void {
    const { state } = this.#lane
    // A terminal marker without any content is no answer.
    if (!state.sawContent && !state.finished) {
      this.#fail({ kind: 'bad_response', message: 'the upstream’s stream has no content' })
      return
    }
    this.#lane.finish(this.#output)
    this.#over = true
    this.#listener.complete(this.#output.take() ?? nothing)
  }
}

const nothing = Buffer.alloc(0)

/** Events without anything for the client, one behind the other. A comment every 15 seconds takes weeks to get there. */
const mostBarren = 100_000

/** Comments and events without content, at full speed, and never an answer: no limit of time would notice soon. */
const barren: AttemptFault = {
  kind: 'bad_response',
  message: 'the upstream’s stream goes on and on without any content',
}
