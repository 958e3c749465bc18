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
import { BlockDeltas } from './block-deltas.ts'
import { exceptionFault } from './fault.ts'
import { finishReason } from './finish-reason.ts'
import { ownMembers, stopMember } from './response.ts'
import { answerTool } from './structured-output.ts'
import { usageOf } from './usage.ts'

/**
 * Decodes one Converse stream. `metadata` may come before or after `messageStop`, so the finish and the usage are given when the
 * body ends. Throws for an exception, and in `end()` for a stream without its `messageStop`.
 */
export function converseDecoder(call: Call<ChatRequest>): StreamDecoder<ChatChunk> {
  const writer = new ChunkWriter(call)
  const blocks = new BlockDeltas(writer, answerTool(call)?.name)
  let stop: JsonObject | undefined
  let metadata: JsonObject = {}
  return {
    event(event) {
      if (event.event === 'exception') throw exceptionFault(parsed(event))
      switch (event.event) {
        case 'messageStart':
          return writer.begin()
        case 'contentBlockStart':
          return blocks.start(parsed(event))
        case 'contentBlockDelta':
          return blocks.delta(parsed(event))
        case 'contentBlockStop':
          return blocks.stop(parsed(event))
        case 'messageStop':
          stop = parsed(event)
          return []
        case 'metadata':
          metadata = { ...metadata, ...parsed(event) }
          return []
        default:
          // Whatever the vendor adds.
          return []
      }
    },
    end() {
      if (stop === undefined) throw badResponse('the stream closed before messageStop')
      const { stopReason } = stop
      const extras = { ...stopMember(stopReason), ...ownMembers({ ...metadata, ...stop }) }
      return [
        ...blocks.end(),
        writer.finish(finishReason(stopReason, blocks.calls > 0), 0, extras),
        ...writer.usage(usageOf(metadata['usage'])),
      ]
    },
  }
}

function parsed({ data }: SseEvent): JsonObject {
  let payload: unknown
  try {
    payload = JSON.parse(data)
  } catch {
    throw badResponse('the payload of an event is not JSON')
  }
  if (!isObject(payload)) throw badResponse('the payload of an event is not a JSON object')
  return payload
}
