import {
  badResponse,
  type Call,
  type ChatChunk,
  type ChatRequest,
  type ChunkDelta,
  type FinishReason,
  type SseEvent,
  type StreamDecoder,
} from '@llmproxy/provider-kit'
import { BlockDeltas } from './block-deltas.ts'
import { inBandFault } from './fault.ts'
import { finishReason } from './finish-reason.ts'
import { identityOf, refusalOf, stopMembers } from './response.ts'
import { answerToolName } from './structured-output.ts'
import { usesLegacyFunctions } from './tools.ts'
import { mergeUsage, usageOf } from './usage.ts'
import { type Block, isObject, type JsonObject, type RawUsage } from './wire.ts'

/** Decodes one message stream. The usage chunk, when usage was told, is the last chunk. */
export function messageDecoder(call: Call<ChatRequest>): StreamDecoder<ChatChunk> {
  const stream = new MessageStream(call)
  return { event: (event) => stream.event(event), end: () => stream.end() }
}

class MessageStream {
  readonly #call: Call<ChatRequest>
  readonly #blocks: BlockDeltas
  readonly #legacy: boolean
  #head: { readonly id: string; readonly model: string } | undefined
  #stop: JsonObject = {}
  #usage: RawUsage | undefined
  #ended = false

  constructor(call: Call<ChatRequest>) {
    this.#call = call
    this.#legacy = usesLegacyFunctions(call.body)
    this.#blocks = new BlockDeltas({
      callId: call.id,
      answerTool: answerToolName(call),
      legacy: this.#legacy,
    })
  }

  event({ event, data }: SseEvent): readonly ChatChunk[] {
    // Some compatible servers end with OpenAI's marker.
    if (data === '[DONE]') return []
    const message = parsedEvent(data)
    const type = message['type'] ?? event
    if (type === 'error' || (type === undefined && message['error'] !== undefined)) throw inBandFault(message)
    if (type === 'message_start') return this.#begin(message['message'])
    return this.#ended ? [] : this.#continue(type, message)
  }

  end(): readonly ChatChunk[] {
    if (!this.#ended) throw badResponse('the stream closed before message_stop')
    return []
  }

  #begin(message: unknown): readonly ChatChunk[] {
    if (!isObject(message)) throw badResponse('message_start carries no message')
    const identity = identityOf(message, this.#call)
    if (this.#head !== undefined) {
      // Repeated by the vendor itself; another id means that two answers were mixed up on the way.
      if (identity.id === this.#head.id) return []
      throw badResponse('a second message began inside the stream')
    }
    this.#head = identity
    this.#stop = stopMembers(message)
    this.#usage = mergeUsage(undefined, message['usage'])
    const content: readonly unknown[] = Array.isArray(message['content']) ? message['content'] : []
    return this.#chunks([
      { role: 'assistant', content: '' },
      ...this.#blocks.whole(content.filter(isObject) as Block[]),
    ])
  }

  #continue(type: unknown, message: JsonObject): readonly ChatChunk[] {
    const index = typeof message['index'] === 'number' ? message['index'] : 0
    switch (type) {
      case 'content_block_start':
        return this.#chunks(this.#blocks.start(index, message['content_block']))
      case 'content_block_delta':
        return this.#chunks(this.#blocks.delta(index, message['delta']))
      case 'content_block_stop':
        return this.#chunks(this.#blocks.stop(index))
      case 'message_delta':
        if (isObject(message['delta'])) this.#stop = { ...this.#stop, ...stopMembers(message['delta']) }
        this.#usage = mergeUsage(this.#usage, message['usage'])
        return []
      case 'message_stop':
        return this.#finish()
      default:
        // `ping`, and whatever the vendor adds.
        return []
    }
  }

  #finish(): readonly ChatChunk[] {
    const rest = this.#chunks(this.#blocks.finish())
    const refusal = refusalOf(this.#stop)
    const said = refusal === null ? [] : this.#chunks([{ refusal }])
    this.#ended = true
    const reason = finishReason(this.#stop['stop_reason'], this.#blocks.callCount > 0)
    const finish = this.#legacy && reason === 'tool_calls' ? 'function_call' : reason
    const usage = usageOf(this.#usage)
    const usageChunks = usage === null ? [] : [{ ...this.#frame(), choices: [], usage }]
    return [...rest, ...said, this.#chunk({}, finish, this.#stop), ...usageChunks]
  }

  #chunks(deltas: readonly ChunkDelta[]): readonly ChatChunk[] {
    if (this.#head === undefined) throw badResponse('content came before message_start')
    return deltas.map((delta) => this.#chunk(delta, null))
  }

  #chunk(delta: ChunkDelta, finish: FinishReason | null, vendor: JsonObject = {}): ChatChunk {
    return {
      ...this.#frame(),
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finish, ...vendor }],
    }
  }

  #frame(): Pick<ChatChunk, 'id' | 'object' | 'created' | 'model'> {
    const { id, model } = this.#head ?? { id: `chatcmpl-${this.#call.id}`, model: this.#call.model }
    return { id, object: 'chat.completion.chunk', created: this.#call.created, model }
  }
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
