import {
  badResponse,
  type Call,
  type CompletionChunk,
  type CompletionRequest,
  FrameRules,
  isObject,
  type JsonObject,
  type StreamDecoder,
} from '@llmproxy/provider-kit'
import { inBandFault } from './fault.ts'
import { mendUsage } from './usage.ts'

/** Decodes a stream of the vendor's own legacy completions. */
export function completionDecoder(call: Call<CompletionRequest>): StreamDecoder<CompletionChunk> {
  const { prompt, n } = call.body
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1
  const rules = new FrameRules({
    operation: 'completions',
    includeUsage: true,
    id: `cmpl-${call.id}`,
    created: call.created,
    model: call.model,
    choices: prompts * (n ?? 1),
  })
  let done = false
  const close = (): readonly CompletionChunk[] => {
    done = true
    return rules.closing() as CompletionChunk[]
  }
  return {
    event({ event, data }) {
      // Whatever follows `[DONE]` is not part of the answer.
      if (done) return []
      if (data.trim() === '[DONE]') return close()
      const frame = frameOf(data)
      if (event === 'error') throw inBandFault(frame)
      if (isObject(frame['usage'])) mendUsage(frame['usage'])
      const verdict = rules.inspect(frame)
      if (typeof verdict === 'object') throw inBandFault(verdict.fault)
      return verdict === 'drop' ? [] : [frame as unknown as CompletionChunk]
    },
    end() {
      if (done) return []
      if (!rules.finished) throw badResponse('the stream closed before it was complete')
      return close()
    },
  }
}

function frameOf(data: string): JsonObject {
  let frame: unknown
  try {
    frame = JSON.parse(data)
  } catch {
    // Told below: what is no JSON is no object either.
  }
  if (!isObject(frame)) throw badResponse('an event is not a JSON object')
  return frame
}
