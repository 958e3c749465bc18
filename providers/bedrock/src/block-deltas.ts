import {
  badResponse,
  type ChatChunk,
  type ChunkWriter,
  isObject,
  type JsonObject,
} from '@llmproxy/provider-kit'
import { redactedBlock, textOf, thinkingBlock } from './response.ts'

/** A content block between its beginning and its end. Blocks of text need none of it. */
type OpenBlock =
  | { readonly type: 'call'; readonly index: number; begun: boolean }
  | { readonly type: 'answer'; begun: boolean }
  // A second answer, which nobody asked for.
  | { readonly type: 'other' }
  | { readonly type: 'thought'; text: string; signature: string; redacted: string }

/** Turns the events of content blocks into chunks. Only tool calls announce their block; the others begin with their first delta. */
export class BlockDeltas {
  readonly #writer: ChunkWriter
  readonly #open = new Map<unknown, OpenBlock>()
  readonly #thoughts: JsonObject[] = []
  readonly #answerName: string | undefined
  #calls = 0
  /**
   * With an answer tool in play, text is held until it is known whether the tool gives the answer, which replaces the
   * text. `undefined`: text goes out at once.
   */
  #held: string | undefined
  #answered = false

  /** `answerName`: the tool whose input is the answer. */
  constructor(writer: ChunkWriter, answerName: string | undefined) {
    this.#writer = writer
    this.#answerName = answerName
    this.#held = answerName === undefined ? undefined : ''
  }

  /** Tool calls so far. */
  get calls(): number {
    return this.#calls
  }

  start({ contentBlockIndex: at, start }: JsonObject): ChatChunk[] {
    const use = isObject(start) ? start['toolUse'] : undefined
    if (!isObject(use)) return []
    const { toolUseId, name } = use
    if (typeof name !== 'string') throw badResponse('a toolUse block has no name')
    if (name === this.#answerName) {
      this.#open.set(at, this.#answered ? { type: 'other' } : { type: 'answer', begun: false })
      this.#answered = true
      return []
    }
    const index = this.#calls
    this.#calls += 1
    this.#open.set(at, { type: 'call', index, begun: false })
    return [this.#writer.toolCall({ index, id: textOf(toolUseId), name })]
  }

  delta({ contentBlockIndex: at, delta }: JsonObject): ChatChunk[] {
    if (!isObject(delta)) throw badResponse('contentBlockDelta carries no delta')
    const { text, toolUse, reasoningContent } = delta
    if (typeof text === 'string') return this.#text(text)
    if (isObject(toolUse)) return this.#input(this.#open.get(at), textOf(toolUse['input']))
    return isObject(reasoningContent) ? this.#reasoning(at, reasoningContent) : []
  }

  stop({ contentBlockIndex: at }: JsonObject): ChatChunk[] {
    const block = this.#open.get(at)
    this.#open.delete(at)
    // A tool without arguments sends nothing; clients parse the string, and an empty one is not JSON.
    if (block?.type === 'call' || block?.type === 'answer') return block.begun ? [] : this.#input(block, '{}')
    if (block?.type === 'thought') this.#thoughts.push(...thoughtsOf(block))
    return []
  }

  /** What is still open, and the thoughts with their signatures, so that the client can send them back. */
  end(): ChatChunk[] {
    const stopped = [...this.#open.keys()].flatMap((at) => this.stop({ contentBlockIndex: at }))
    const spoken = this.#answered ? [] : this.#writer.content(this.#held ?? '')
    if (this.#thoughts.length === 0) return [...spoken, ...stopped]
    return [...spoken, ...stopped, this.#writer.delta({ thinking_blocks: this.#thoughts })]
  }

  #text(text: string): ChatChunk[] {
    if (this.#answered) return []
    if (this.#held === undefined) return this.#writer.content(text)
    this.#held += text
    return []
  }

  #input(block: OpenBlock | undefined, text: string): ChatChunk[] {
    if (block?.type === 'other') return []
    if (block?.type !== 'call' && block?.type !== 'answer')
      throw badResponse('arguments came without the tool call that they belong to')
    if (text === '') return []
    block.begun = true
    return block.type === 'call' ? this.#writer.toolArguments(block.index, text) : this.#writer.content(text)
  }

  #reasoning(at: unknown, { text, signature, redactedContent }: JsonObject): ChatChunk[] {
    const open = this.#open.get(at)
    const thought =
      open?.type === 'thought' ? open : { type: 'thought' as const, text: '', signature: '', redacted: '' }
    this.#open.set(at, thought)
    thought.text += textOf(text)
    thought.signature += textOf(signature)
    thought.redacted += textOf(redactedContent)
    return this.#writer.reasoning(textOf(text))
  }
}

function thoughtsOf({ text, signature, redacted }: OpenBlock & { type: 'thought' }): JsonObject[] {
  const shown = text === '' && signature === '' ? [] : [thinkingBlock(text, signature)]
  return redacted === '' ? shown : [...shown, redactedBlock(redacted)]
}
