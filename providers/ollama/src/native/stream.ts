import {
  badResponse,
  type Call,
  type ChatChunk,
  type ChatRequest,
  ChunkWriter,
  isObject,
  type JsonObject,
  type StreamDecoder,
} from '@llmproxy/provider-kit'
import { doneReason, finishOf, textAt, throwInBand, toolCallsOf, usageOf } from './response.ts'

/** Reads the lines of a streamed answer: pieces of one message, and the line that says it is done. */
export function nativeDecoder(call: Call<ChatRequest>): StreamDecoder<ChatChunk> {
  const writer = new ChunkWriter(call)
  let named = false
  let calls = 0
  let done = false
  const deltas = (message: JsonObject): ChatChunk[] => {
    const found = toolCallsOf(message, (position) => `call_${call.id}_${calls + position}`)
    const first = calls
    calls += found.length
    return [
      ...writer.reasoning(textAt(message, 'thinking')),
      ...writer.content(textAt(message, 'content')),
      ...found.map((each, position) => writer.delta({ tool_calls: [{ index: first + position, ...each }] })),
    ]
  }
  return {
    event({ data }) {
      const line = lineOf(data)
      if (done) return []
      if (!named && textAt(line, 'model') !== '') {
        writer.model = textAt(line, 'model')
        named = true
      }
      const chunks = isObject(line['message']) ? deltas(line['message']) : []
      if (line['done'] !== true) return chunks
      done = true
      return [
        ...chunks,
        writer.finish(finishOf(line, calls > 0), 0, doneReason(line)),
        ...writer.usage(usageOf(line)),
      ]
    },
    end() {
      if (!done) throw badResponse('the stream closed before it was done')
      return []
    },
  }
}

function lineOf(data: string): JsonObject {
  let line: unknown
  try {
    line = JSON.parse(data)
  } catch {
    throw badResponse('a line is not JSON')
  }
  throwInBand(line)
  if (!isObject(line)) throw badResponse('a line is not an object')
  return line
}
