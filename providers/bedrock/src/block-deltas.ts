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
  | { readonly type: 'thought'; text: string; signature: string; redacted: string }

/** Turns the events of content blocks into chunks. Only tool calls announce their block; the others begin with their first delta. */
export class BlockDeltas {
  readonly #writer: ChunkWriter
  readonly #open = new Map<unknown, OpenBlock>()
  readonly #thoughts: JsonObject[] = []
  #calls = 0

  constructor(writer: ChunkWriter) {
    this.#writer = writer
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
    const index = this.#calls
    this.#calls += 1
    this.#open.set(at, { type: 'call', index, begun: false })
    return [this.#writer.toolCall({ index, id: textOf(toolUseId), name })]
  }

  delta({ contentBlockIndex: at, delta }: JsonObject): ChatChunk[] {
    if (!isObject(delta)) throw badResponse('contentBlockDelta carries no delta')
    const { text, toolUse, reasoningContent } = delta
    if (typeof text === 'string') return this.#writer.content(text)
    if (isObject(toolUse)) return this.#input(this.#open.get(at), textOf(toolUse['input']))
    return isObject(reasoningContent) ? this.#reasoning(at, reasoningContent) : []
  }

  stop({ contentBlockIndex: at }: JsonObject): ChatChunk[] {
    const block = this.#open.get(at)
    this.#open.delete(at)
    if (block?.type === 'call') {
      // A tool without arguments sends nothing; clients parse the string, and an empty one is not JSON.
      return block.begun ? [] : this.#writer.toolArguments(block.index, '{}')
    }
    if (block?.type === 'thought') this.#thoughts.push(...thoughtsOf(block))
    return []
  }

  /** What is still open, and the thoughts with their signatures, so that the client can send them back. */
  end(): ChatChunk[] {
    const stopped = [...this.#open.keys()].flatMap((at) => this.stop({ contentBlockIndex: at }))
    if (this.#thoughts.length === 0) return stopped
    return [...stopped, this.#writer.delta({ thinking_blocks: this.#thoughts })]
  }

  #input(block: OpenBlock | undefined, text: string): ChatChunk[] {
    if (block?.type !== 'call') throw badResponse('arguments came without the tool call that they belong to')
    if (text === '') return []
    block.begun = true
    return this.#writer.toolArguments(block.index, text)
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
