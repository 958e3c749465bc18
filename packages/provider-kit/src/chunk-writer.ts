import type { Call } from './contract.ts'
import type { ChatChunk, ChunkDelta, FinishReason, Usage } from './wire.ts'

/** The beginning of a tool call. */
export interface ToolCallStart {
  /** Dense from 0 per choice. */
  readonly index: number
  /** Absent: one is made from the call's id. */
  readonly id?: string | undefined
  readonly name: string
  /** Default: none yet. */
  readonly arguments?: string
}

/** Writes the chunks of one translated chat stream: one id, model and time, and one role for each choice. */
export class ChunkWriter {
  readonly #call: Call
  readonly #begun = new Set<number>()
  /** The vendor's own; set before the first chunk. */
  id: string
  model: string

  constructor(call: Call) {
    this.#call = call
    this.id = `chatcmpl-${call.id}`
    this.model = call.model
  }

  /** Nothing but the role, unless the choice has begun. */
  begin(choice = 0): ChatChunk[] {
    return this.#begun.has(choice) ? [] : [this.delta({ content: '' }, choice)]
  }

  content(text: string, choice = 0): ChatChunk[] {
    return text === '' ? [] : [this.delta({ content: text }, choice)]
  }

  reasoning(text: string, choice = 0): ChatChunk[] {
    return text === '' ? [] : [this.delta({ reasoning_content: text }, choice)]
  }

  toolCall(start: ToolCallStart, choice = 0): ChatChunk {
    const { index, name, arguments: text = '' } = start
    const id = start.id || `call_${this.#call.id}_${choice}_${index}`
    const called = { index, id, type: 'function', function: { name, arguments: text } }
    return this.delta({ tool_calls: [called] }, choice)
  }

  toolArguments(index: number, text: string, choice = 0): ChatChunk[] {
    return text === '' ? [] : [this.delta({ tool_calls: [{ index, function: { arguments: text } }] }, choice)]
  }

  /** Any delta, members of the vendor's own included. */
  delta(delta: ChunkDelta, choice = 0): ChatChunk {
    const role = this.#begun.has(choice) ? {} : { role: 'assistant' as const }
    this.#begun.add(choice)
    return this.#chunk([{ index: choice, delta: { ...role, ...delta }, logprobs: null, finish_reason: null }])
  }

  /** `extras` are members of the choice. */
  finish(reason: FinishReason, choice = 0, extras: object = {}): ChatChunk {
    const role = this.#begun.has(choice) ? {} : { role: 'assistant' as const, content: '' }
    this.#begun.add(choice)
    return this.#chunk([{ index: choice, delta: role, logprobs: null, finish_reason: reason, ...extras }])
  }

  /** The last chunk. Unknown usage is none: the gateway tells clients nothing rather than zero. */
  usage(usage: Usage | null | undefined): ChatChunk[] {
    return usage ? [{ ...this.#chunk([]), usage }] : []
  }

  #chunk(choices: ChatChunk['choices']): ChatChunk {
    const { id, model } = this
    return { id, object: 'chat.completion.chunk', created: this.#call.created, model, choices }
  }
}
