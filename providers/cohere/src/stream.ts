import {
  badResponse,
  type Call,
  type ChatChunk,
  type ChatRequest,
  ChunkWriter,
  isObject,
  type JsonObject,
  type SseEvent,
  type StreamDecoder,
} from '@llmproxy/provider-kit'
import { citationMembers } from './citations.ts'
import { inBandFault } from './fault.ts'
import { endingOf } from './finish-reason.ts'
import { logprobsOf } from './logprobs.ts'
import { planMembers } from './response.ts'
import { StreamedCalls } from './streamed-calls.ts'
import { usageOf } from './usage.ts'

/** Decodes one stream of `/v2/chat`, with or without its final `[DONE]`. */
export function chatDecoder(call: Call<ChatRequest>): StreamDecoder<ChatChunk> {
  const stream = new ChatStream(call)
  return { event: (event) => stream.event(event), end: () => stream.end() }
}

class ChatStream {
  readonly #writer: ChunkWriter
  readonly #calls: StreamedCalls
  #id: string | undefined
  #plan = ''
  #ended = false

  constructor(call: Call<ChatRequest>) {
    this.#writer = new ChunkWriter(call)
    this.#calls = new StreamedCalls(this.#writer, call)
  }

  event({ event, data }: SseEvent): readonly ChatChunk[] {
    if (data.trim() === '[DONE]') return []
    const message = parsedEvent(data)
    const type = message['type'] ?? event
    if (isError(type, message)) throw inBandFault(message)
    return this.#ended ? [] : this.#continue(type, message)
  }

  end(): readonly ChatChunk[] {
    if (!this.#ended) throw badResponse('the stream closed before message-end')
    return []
  }

  #continue(type: unknown, message: JsonObject): readonly ChatChunk[] {
    const delta = isObject(message['delta']) ? message['delta'] : {}
    const inner = isObject(delta['message']) ? delta['message'] : {}
    switch (type) {
      case 'message-start':
        return this.#begin(message['id'])
      case 'tool-plan-delta':
        this.#plan += textOf(inner['tool_plan'])
        return this.#writer.reasoning(textOf(inner['tool_plan']))
      case 'content-start':
      case 'content-delta':
        return this.#content(inner['content'], message['logprobs'])
      case 'citation-start':
        return this.#cite(inner['citations'])
      case 'tool-call-start':
        return this.#calls.start(message['index'], inner['tool_calls'])
      case 'tool-call-delta':
        return this.#calls.delta(message['index'], inner['tool_calls'])
      case 'tool-call-end':
        return this.#calls.stop(message['index'])
      case 'message-end':
        return this.#finish(delta)
      default:
        // `content-end`, `citation-end`, `debug`, and whatever the vendor adds.
        return []
    }
  }

  #begin(id: unknown): readonly ChatChunk[] {
    if (typeof id === 'string' && id !== '') {
      if (this.#id !== undefined && this.#id !== id)
        throw badResponse('a second message began inside the stream')
      this.#id = id
      this.#writer.id = id
    }
    return this.#writer.begin()
  }

  #content(content: unknown, logprobs: unknown): readonly ChatChunk[] {
    if (!isObject(content)) return []
    const thinking = this.#writer.reasoning(textOf(content['thinking']))
    const chunks = this.#writer.content(textOf(content['text']))
    const converted = logprobsOf(logprobs)
    if (converted === null) return [...thinking, ...chunks]
    return [...thinking, ...chunks.map((chunk) => withLogprobs(chunk, converted))]
  }

  #cite(citations: unknown): readonly ChatChunk[] {
    const members = citationMembers(citations)
    return Object.keys(members).length === 0 ? [] : [this.#writer.delta(members)]
  }

  #finish(delta: JsonObject): readonly ChatChunk[] {
    const { error } = delta
    const failed = typeof error === 'string' && error !== ''
    // An answer with an error in it is none, whatever else it says.
    const { finish_reason: reason, ...extras } = endingOf(
      failed && delta['finish_reason'] !== 'TIMEOUT' ? 'ERROR' : delta['finish_reason'],
      this.#calls.count > 0,
      error,
    )
    this.#ended = true
    return [
      ...this.#calls.finish(),
      ...(this.#plan === '' ? [] : [this.#writer.delta(planMembers(this.#plan))]),
      this.#writer.finish(reason, 0, extras),
      ...this.#writer.usage(usageOf(delta['usage'])),
    ]
  }
}

/** Their shape in a stream is not fixed: by type or name, or by what is in them when they have neither. */
function isError(type: unknown, message: JsonObject): boolean {
  if (type === 'error' || type === 'stream-error') return true
  const nameless = type === undefined || type === 'message'
  return nameless && (message['error'] !== undefined || typeof message['message'] === 'string')
}

function withLogprobs(chunk: ChatChunk, logprobs: object): ChatChunk {
  return { ...chunk, choices: chunk.choices.map((choice) => ({ ...choice, logprobs })) }
}

function parsedEvent(data: string): JsonObject {
  let message: unknown
  try {
    message = JSON.parse(data)
  } catch {
    throw badResponse('an event is not JSON')
  }
  if (!isObject(message)) throw badResponse('an event is not a JSON object')
  return message
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
