import { badResponse, type ChunkDelta } from '@llmproxy/provider-kit'
import { citationMembers, citedSources } from './annotations.ts'
import { argumentsOf } from './response.ts'
import { type Block, isObject, type JsonObject } from './wire.ts'

/** A content block between its start and its stop. */
type OpenBlock =
  | { type: 'text'; start: number; citations: unknown[] }
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'answer'; started: boolean; whole: boolean }
  | { type: 'call'; index: number; started: boolean; whole: boolean }

/** What the request decided about the answer's form. */
export interface AnswerForm {
  /** For ids that the vendor left out. */
  readonly callId: string
  /** The tool whose input is the answer. */
  readonly answerTool: string | undefined
  /** Calls go out as `function_call`. */
  readonly legacy: boolean
}

/** Turns content block events into deltas of one choice. */
export class BlockDeltas {
  readonly #form: AnswerForm
  readonly #open = new Map<number, OpenBlock>()
  readonly #thoughts: JsonObject[] = []
  #calls = 0
  #textLength = 0
  /**
   * With an answer tool in play, text is held until it is known whether the tool gives the answer, which replaces the
   * text. `undefined`: text goes out at once.
   */
  #held: string | undefined
  #answered = false

  constructor(form: AnswerForm) {
    this.#form = form
    this.#held = form.answerTool === undefined ? undefined : ''
  }

  /** Client tool calls so far. */
  get callCount(): number {
    return this.#calls
  }

  /** Blocks that came complete with the start of the message. */
  whole(blocks: readonly Block[]): ChunkDelta[] {
    // Indices below 0 keep them apart from the blocks that are streamed later.
    return blocks.flatMap((block, place) => [...this.start(-1 - place, block), ...this.stop(-1 - place)])
  }

  start(index: number, block: unknown): ChunkDelta[] {
    if (!isObject(block)) throw badResponse('content_block_start carries no block')
    // Where the vendor has left out the stop, the next start at the same place is one.
    return [...this.stop(index), ...this.#begin(index, block)]
  }

  #begin(index: number, block: JsonObject): ChunkDelta[] {
    switch (block['type']) {
      case 'text':
        this.#open.set(index, {
          type: 'text',
          start: this.#textLength,
          citations: listOf(block['citations']),
        })
        return this.#text(textOf(block['text']))
      case 'thinking':
        this.#open.set(index, { type: 'thinking', thinking: '', signature: textOf(block['signature']) })
        return this.#thinking(index, textOf(block['thinking']))
      case 'redacted_thinking':
        this.#thoughts.push(block)
        return []
      case 'tool_use':
        return this.#startCall(index, block)
      default:
        return []
    }
  }

  delta(index: number, delta: unknown): ChunkDelta[] {
    if (!isObject(delta)) throw badResponse('content_block_delta carries no delta')
    const block = this.#open.get(index)
    switch (delta['type']) {
      case 'text_delta':
        return this.#text(textOf(delta['text']))
      case 'thinking_delta':
        return this.#thinking(index, textOf(delta['thinking']))
      case 'signature_delta':
        if (block?.type === 'thinking') block.signature += textOf(delta['signature'])
        return []
      case 'citations_delta':
        if (block?.type === 'text') block.citations.push(delta['citation'])
        return []
      case 'input_json_delta':
        return this.#input(block, textOf(delta['partial_json']))
      default:
        return []
    }
  }

  stop(index: number): ChunkDelta[] {
    const block = this.#open.get(index)
    this.#open.delete(index)
    switch (block?.type) {
      case 'text':
        return this.#cite(block.start, block.citations)
      case 'thinking':
        this.#thoughts.push(thinkingBlock(block.thinking, block.signature))
        return []
      case 'answer':
      case 'call':
        // A tool without arguments sends nothing; clients parse the string, and an empty one is not JSON.
        return block.started ? [] : this.#argumentDeltas(block, '{}')
      default:
        return []
    }
  }

  /** What was held back, and the thinking blocks with their signatures, so that the client can send them back. */
  finish(): ChunkDelta[] {
    const stopped = [...this.#open.keys()].flatMap((index) => this.stop(index))
    const thoughts = this.#thoughts.length === 0 ? [] : [{ thinking_blocks: this.#thoughts }]
    return [...this.#release(), ...stopped, ...thoughts]
  }

  #startCall(index: number, block: JsonObject): ChunkDelta[] {
    const { name, input } = block
    if (typeof name !== 'string') throw badResponse('a tool_use block has no name')
    const whole = typeof input === 'string' ? input !== '' : isObject(input) && Object.keys(input).length > 0
    const given = whole ? argumentsOf(block) : ''
    if (name === this.#form.answerTool) {
      this.#held = ''
      this.#answered = true
      const open = { type: 'answer' as const, started: whole, whole }
      this.#open.set(index, open)
      return this.#argumentDeltas(open, given)
    }
    const released = this.#release()
    const open = { type: 'call' as const, index: this.#calls, started: whole, whole }
    this.#calls += 1
    this.#open.set(index, open)
    const id = typeof block['id'] === 'string' && block['id'] !== '' ? block['id'] : undefined
    return [...released, ...this.#callStart(open.index, id, name), ...this.#argumentDeltas(open, given)]
  }

  #callStart(index: number, id: string | undefined, name: string): ChunkDelta[] {
    const called = { name, arguments: '' }
    // The old form has room for one call; no more than one was asked for.
    if (this.#form.legacy) return index === 0 ? [{ function_call: called }] : []
    const callId = id ?? `toolu_${this.#form.callId}_${index}`
    return [{ tool_calls: [{ index, id: callId, type: 'function', function: called }] }]
  }

  #input(block: OpenBlock | undefined, text: string): ChunkDelta[] {
    if (block?.type !== 'answer' && block?.type !== 'call') return []
    // Arguments that came with the start are complete.
    if (text === '' || block.whole) return []
    block.started = true
    return this.#argumentDeltas(block, text)
  }

  #argumentDeltas(block: OpenBlock & { type: 'answer' | 'call' }, text: string): ChunkDelta[] {
    if (text === '') return []
    if (block.type === 'answer') return [{ content: text }]
    if (this.#form.legacy) return block.index === 0 ? [{ function_call: { arguments: text } }] : []
    return [{ tool_calls: [{ index: block.index, function: { arguments: text } }] }]
  }

  #text(text: string): ChunkDelta[] {
    this.#textLength += text.length
    if (text === '' || this.#answered) return []
    if (this.#held === undefined) return [{ content: text }]
    this.#held += text
    return []
  }

  #release(): ChunkDelta[] {
    const held = this.#answered ? '' : this.#held
    this.#held = undefined
    return held === undefined || held === '' ? [] : [{ content: held }]
  }

  #thinking(index: number, text: string): ChunkDelta[] {
    const block = this.#open.get(index)
    if (block?.type === 'thinking') block.thinking += text
    return text === '' ? [] : [{ reasoning_content: text }]
  }

  #cite(start: number, citations: readonly unknown[]): ChunkDelta[] {
    if (this.#answered) return []
    const members = citationMembers(citedSources(citations, start, this.#textLength))
    return Object.keys(members).length === 0 ? [] : [members]
  }
}

function thinkingBlock(thinking: string, signature: string): JsonObject {
  return { type: 'thinking', thinking, ...(signature === '' ? {} : { signature }) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? [...(value as readonly unknown[])] : []
}
