import {
  badResponse,
  type Call,
  type ChatChunk,
  type ChatRequest,
  type ChunkWriter,
  isObject,
} from '@llmproxy/provider-kit'
import { argumentsOf } from './response.ts'
import { sentNames, type ToolNames } from './tool-names.ts'

/** A call between its start and its end. */
interface OpenCall {
  /** Dense from 0, ours. */
  readonly index: number
  /** Arguments that may still turn out to be the word `null`, which says that there are none. */
  held: string
  /** Something of the arguments has gone out. */
  begun: boolean
}

/** The tool calls of one stream. */
export class StreamedCalls {
  readonly #writer: ChunkWriter
  readonly #names: ToolNames
  /** By the vendor's index. */
  readonly #open = new Map<unknown, OpenCall>()
  #count = 0

  constructor(writer: ChunkWriter, call: Call<ChatRequest>) {
    this.#writer = writer
    this.#names = sentNames(call.body)
  }

  /** Calls so far. */
  get count(): number {
    return this.#count
  }

  start(place: unknown, given: unknown): ChatChunk[] {
    const before = this.stop(place)
    const called = entryOf(given)
    const named = isObject(called['function']) ? called['function'] : {}
    if (typeof named['name'] !== 'string') throw badResponse('a tool call has no name')
    const { id } = called
    const open: OpenCall = { index: this.#count, held: '', begun: false }
    this.#count += 1
    this.#open.set(place, open)
    const start = this.#writer.toolCall({
      index: open.index,
      id: typeof id === 'string' ? id : undefined,
      name: this.#names.given(named['name']),
    })
    return [...before, start, ...this.#add(open, named['arguments'])]
  }

  delta(place: unknown, given: unknown): ChatChunk[] {
    const open = this.#open.get(place)
    const called = entryOf(given)
    return open !== undefined && isObject(called['function'])
      ? this.#add(open, called['function']['arguments'])
      : []
  }

  /** A tool without arguments gets none at all; clients parse the string, and an empty one is not JSON. */
  stop(place: unknown): ChatChunk[] {
    const open = this.#open.get(place)
    this.#open.delete(place)
    if (open === undefined || open.begun) return []
    return this.#writer.toolArguments(open.index, argumentsOf(open.held))
  }

  /** Ends the calls that the vendor has not ended. */
  finish(): ChatChunk[] {
    return [...this.#open.keys()].flatMap((place) => this.stop(place))
  }

  #add(open: OpenCall, given: unknown): ChatChunk[] {
    const text = typeof given === 'string' ? given : isObject(given) ? JSON.stringify(given) : ''
    if (open.begun) return this.#writer.toolArguments(open.index, text)
    // Space around arguments says nothing, and is not collected.
    open.held = (open.held + text).trim()
    if ('null'.startsWith(open.held)) return []
    open.begun = true
    return this.#writer.toolArguments(open.index, open.held)
  }
}

/** In streams a call is an object; a list of one is understood as well. */
function entryOf(given: unknown): Record<string, unknown> {
  const entry: unknown = Array.isArray(given) ? given[0] : given
  return isObject(entry) ? entry : {}
}
