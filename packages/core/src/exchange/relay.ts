import { isUtf8 } from 'node:buffer'
import type { FailedResponse, FrameRules } from '@llmproxy/provider-kit'
import type { Batch } from './batch.ts'
import { closeFrames } from './close-frames.ts'
import { dataFrame } from './event-format.ts'
import { FrameTemplate } from './frame-rules-template.ts'
import type { Lane, LaneVerdict } from './lane.ts'
import { parseEvent } from './sse.ts'
import type { AttemptFault } from './transfer.ts'

const dataPrefix = 'data: '.length
const blankLine = 2

/** The lane of upstreams that speak the client's dialect: clean frames pass as bytes, others are repaired or dropped. */
export class RelayLane implements Lane {
  readonly state: FrameRules
  readonly #classify: (response: FailedResponse) => AttemptFault
  readonly #template = new FrameTemplate()

  constructor(rules: FrameRules, classify: (response: FailedResponse) => AttemptFault) {
    this.state = rules
    this.#classify = classify
  }

  event(buffer: Buffer, start: number, end: number, plain: boolean, output: Batch): LaneVerdict {
    if (!plain) return this.#unusual(buffer, start, end, output)
    const from = start + dataPrefix
    const to = end - blankLine
    const template = this.#template
    if (template.matches(buffer, from, to)) {
      if (template.cutStart === -1) output.add(buffer, start, end)
      else {
        output.add(buffer, start, template.cutStart)
        output.add(buffer, template.cutEnd, end)
      }
      return 'more'
    }
    const text = buffer.toString('utf8', from, to)
    if (text === '[DONE]') return 'done'
    const frame = parseFrame(text)
    if (frame === undefined) return this.#notJson(text)
    const verdict = this.state.inspect(frame)
    if (verdict === 'pass' && isUtf8(buffer.subarray(from, to))) {
      output.add(buffer, start, end)
      template.learn(buffer, from, to, frame)
      return 'more'
    }
    if (this.state.onlyNullUsageRemoved && isUtf8(buffer.subarray(from, to)))
      template.learnCut(buffer, from, to, frame)
    return this.#apply(verdict, frame, text, output)
  }

  end(): AttemptFault | undefined {
    return this.state.finished ? undefined : closedTooEarly
  }

  finish(output: Batch): void {
    closeFrames(this.state, output)
  }

  /** CRLF, comments, several lines, an `event:` name: read as the SSE standard says, written in the plain form. */
  #unusual(buffer: Buffer, start: number, end: number, output: Batch): LaneVerdict {
    const event = parseEvent(buffer, start, end)
    if (event === undefined) return 'more'
    const text = event.data.trim()
    if (text === '[DONE]') return 'done'
    const frame = parseFrame(text)
    if (event.event === 'error') return this.#failed(frame, text)
    if (frame === undefined) return this.#notJson(text)
    return this.#apply(this.state.inspect(frame), frame, text, output)
  }

  /** A frame that would pass, but not as it came, is written anew. */
  #apply(
    verdict: ReturnType<FrameRules['inspect']>,
    frame: unknown,
    text: string,
    output: Batch,
  ): LaneVerdict {
    if (verdict === 'drop') return 'more'
    if (typeof verdict === 'object') return this.#failed(verdict.fault, text)
    output.addText(dataFrame(JSON.stringify(frame)))
    return 'more'
  }

  #failed(frame: unknown, text: string): AttemptFault {
    return this.#classify({
      status: 200,
      headers: {},
      body: frame,
      text: text.slice(0, 65_536),
      inBand: true,
    })
  }

  /** Some servers send their comments as data (`data: : PROCESSING`). Anything else that is not JSON is damage. */
  #notJson(text: string): LaneVerdict {
    const word = text.trim()
    if (word === '[DONE]') return 'done'
    return word === '' || word.startsWith(':') ? 'more' : malformed
  }
}

function parseFrame(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const malformed: AttemptFault = {
  kind: 'bad_response',
  message: 'the upstream sent a stream frame that is not JSON',
}

export const closedTooEarly: AttemptFault = {
  kind: 'bad_response',
  message: 'the upstream closed its stream before the answer was complete',
}
