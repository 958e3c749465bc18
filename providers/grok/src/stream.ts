import {
  type Call,
  type ChatChunk,
  type ChatRequest,
  isObject,
  type JsonObject,
  mendedAnswers,
  type StreamDecoder,
} from '@llmproxy/provider-kit'
import { grokFault } from './fault.ts'
import { repeatable } from './response.ts'
import { mendUsage } from './usage.ts'

/** What a model sends again and again while it works, as if it were reasoning. */
const placeholder = /^Thinking\.{3}\s*$/

/** Decodes one stream. */
export function chunkDecoder(call: Call<ChatRequest>): StreamDecoder<ChatChunk> {
  const repeated = repeatable(call)
  const choices = new Map<unknown, StreamedChoice>()
  return mendedAnswers({
    frame(frame) {
      const list = frame['choices']
      if (!Array.isArray(list) || list.length === 0) return
      const told = list.filter((choice) => {
        if (!isObject(choice) || !isObject(choice['delta'])) return true
        const known = choices.get(choice['index']) ?? new StreamedChoice(repeated)
        choices.set(choice['index'], known)
        return known.says(choice['delta']) || Boolean(choice['finish_reason'])
      })
      if (told.length > 0) frame['choices'] = told
      else delete frame['choices']
    },
    usage: mendUsage,
    fault: grokFault,
  }).stream(call)
}

/** What has come of one choice so far. */
class StreamedChoice {
  /** The text that would only be repeated, until another text has come. */
  #repeated: string | undefined
  #reasoning: unknown

  constructor(repeated: string | undefined) {
    this.#repeated = repeated
  }

  /** Takes repetitions out of a delta; `false` when that was all. Whatever else repeats itself means it. */
  says(delta: JsonObject): boolean {
    const names = Object.keys(delta).length
    const { content, reasoning_content: reasoning } = delta
    if (typeof reasoning === 'string' && reasoning === this.#reasoning && placeholder.test(reasoning))
      delete delta['reasoning_content']
    if (typeof reasoning === 'string') this.#reasoning = reasoning
    if (typeof content === 'string' && content !== '') {
      if (content === this.#repeated) delete delta['content']
      else this.#repeated = undefined
    }
    const left = Object.keys(delta)
    return left.length === names || left.some((name) => name !== 'role' && delta[name] !== '')
  }
}
