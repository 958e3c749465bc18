import { isUtf8 } from 'node:buffer'
import { type FailedResponse, isObject, type JsonObject, parseJson } from '@llmproxy/provider-kit'
import type { Batch } from './batch.ts'
import { isErrorBody } from './classify.ts'
import { dataFrame } from './event-format.ts'
import type { Lane, LaneVerdict, StreamState } from './lane.ts'
import { messagesUsage } from './messages-usage.ts'
import { closedTooEarly, malformed } from './relay.ts'
import { parseEvent } from './sse.ts'
import type { AttemptFault } from './transfer.ts'

/** What may stand behind `event:`; a line break in it would begin a frame of its own. */
const eventName = /^[\w.-]{1,64}$/

const deltaEvent = Buffer.from('event: content_block_delta\n')

/**
 * The lane of the Messages dialect. Events pass as the upstream's own bytes: signatures of thinking blocks do not survive
 * being written anew. Only the events that carry usage, the end or an error are read.
 */
export class MessagesLane implements Lane, StreamState {
  readonly state: StreamState = this
  readonly repaired = 0
  sawContent = false
  finished = false
  #usage: JsonObject = {}
  readonly #classify: (response: FailedResponse) => AttemptFault

  constructor(classify: (response: FailedResponse) => AttemptFault) {
    this.#classify = classify
  }

  get usage(): unknown {
    return messagesUsage(this.#usage)
  }

  event(buffer: Buffer, start: number, end: number, _plain: boolean, output: Batch): LaneVerdict {
    if (this.sawContent && isDelta(buffer, start, end) && isUtf8(buffer.subarray(start, end))) {
      output.add(buffer, start, end)
      return 'more'
    }
    const event = parseEvent(buffer, start, end)
    if (event === undefined) return 'more'
    const value = parseJson(event.data)
    if (event.event === 'error') return this.#failed(value, event.data)
    // Some servers end with the marker of another dialect.
    if (value === undefined) return event.data.startsWith('[DONE]') ? 'more' : malformed
    if (!isObject(value)) return malformed
    const type = typeof value['type'] === 'string' ? value['type'] : (event.event ?? '')
    if (type === 'error' || isErrorBody(value)) return this.#failed(value, event.data)
    // Nothing goes out before the message has begun: until then another provider may still answer.
    if (!this.sawContent && type !== 'message_start') return 'more'
    this.#note(type, value)
    // Clients of this dialect need the name and the blank line; the data may have come in several lines.
    if (event.event !== undefined && isEnded(buffer, start, end) && isUtf8(buffer.subarray(start, end)))
      output.add(buffer, start, end)
    else if (eventName.test(type)) output.addText(`event: ${type}\n${dataFrame(JSON.stringify(value))}`)
    else return malformed
    return this.finished ? 'done' : 'more'
  }

  end(): AttemptFault | undefined {
    return this.finished ? undefined : closedTooEarly
  }

  /** The dialect's own last event has gone out already. */
  finish(): void {}

  #note(type: string, value: unknown): void {
    if (type === 'message_stop') this.finished = true
    if (type !== 'message_start' && type !== 'message_delta') return
    this.sawContent = true
    const { message, usage } = value as { message?: { usage?: unknown }; usage?: unknown }
    const counts = message?.usage ?? usage
    // Later counts are cumulative and replace earlier ones; what a later event does not name keeps its value.
    if (isObject(counts)) this.#usage = { ...this.#usage, ...counts }
  }

  #failed(body: unknown, text: string): AttemptFault {
    return this.#classify({ status: 200, headers: {}, body, text: text.slice(0, 65_536), inBand: true })
  }
}

/** Without its blank line, which only the last event of a body can lack, clients drop an event. */
function isEnded(buffer: Buffer, start: number, end: number): boolean {
  return /(?:\n|\r(?!\n))(?:\r\n|\n|\r)$/.test(buffer.toString('latin1', Math.max(start, end - 4), end))
}

function isDelta(buffer: Buffer, start: number, end: number): boolean {
  return (
    end - start > deltaEvent.length &&
    deltaEvent.compare(buffer, start, start + deltaEvent.length) === 0 &&
    buffer[end - 1] === 0x0a &&
    buffer[end - 2] === 0x0a
  )
}
