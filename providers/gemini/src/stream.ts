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
import { blockedPrompt, candidatesOf, extrasOf, type Spoken, spokenOf } from './candidate.ts'
import { throwInBand } from './fault.ts'
import { finishReason } from './finish-reason.ts'
import { logprobsOf } from './logprobs.ts'
import { answerId, answerModel } from './response.ts'
import { usageOf } from './usage.ts'

/** What is known of one choice so far. */
interface Choice {
  calls: number
  finished: boolean
}

/** Reads a stream of partial answers: parts are added up, usage is replaced, the last event of a candidate has its finish. */
export function contentDecoder(call: Call<ChatRequest>): StreamDecoder<ChatChunk> {
  const writer = new ChunkWriter(call)
  const choices = new Map<number, Choice>()
  let started = false
  let usage: unknown
  const choiceAt = (index: number): Choice => {
    const known = choices.get(index) ?? { calls: 0, finished: false }
    choices.set(index, known)
    return known
  }
  const read = (candidate: JsonObject, index: number): ChatChunk[] => {
    const choice = choiceAt(index)
    const spoken = spokenOf(candidate, call, { index, firstCall: choice.calls })
    if (choice.finished) return afterFinish(spoken)
    const chunks = deltasOf(spoken, writer, { index, firstCall: choice.calls })
    choice.calls += spoken.calls.length
    const logprobs = logprobsOf(candidate)
    const [first] = chunks[0]?.choices ?? []
    if (first !== undefined && logprobs !== null) first.logprobs = logprobs
    const word = candidate['finishReason']
    if (word === undefined || word === null) return chunks
    const reason = finishReason(word, choice.calls > 0)
    choice.finished = true
    const left = first === undefined && logprobs !== null ? { logprobs } : {}
    return [...chunks, writer.finish(reason, index, { ...extrasOf(candidate), ...left })]
  }
  return {
    event({ data }) {
      const body = answerOf(data)
      if (body === undefined) return []
      if (!started) {
        writer.id = answerId(body) ?? writer.id
        writer.model = answerModel(body) ?? writer.model
        started = true
      }
      usage = body['usageMetadata'] ?? usage
      const candidates = candidatesOf(body)
      if (candidates.length > 0) return candidates.flatMap(({ index, candidate }) => read(candidate, index))
      const blocked = blockedPrompt(body)
      if (blocked === undefined || choiceAt(0).finished) return []
      choiceAt(0).finished = true
      return [
        writer.delta({ content: null, refusal: blocked.refusal }),
        writer.finish('content_filter', 0, { promptFeedback: blocked.feedback }),
      ]
    },
    end() {
      const whole = choices.size > 0 && [...choices.values()].every(({ finished }) => finished)
      if (!whole) throw badResponse('the stream closed before it had ended')
      return writer.usage(usageOf(usage))
    },
  }
}

/** An event that is an answer; `undefined` for one of another kind. Throws for an error and for what cannot be read. */
function answerOf(data: string): JsonObject | undefined {
  let body: unknown
  try {
    body = JSON.parse(data)
  } catch {
    if (data.trim() === '[DONE]') return undefined
    throw badResponse('an event is not JSON')
  }
  throwInBand(body)
  if (!isObject(body)) throw badResponse('an event is not an object')
  const known = ['candidates', 'promptFeedback', 'usageMetadata'].some((name) => name in body)
  return known ? body : undefined
}

/** Nothing can follow a finish but an empty part. */
function afterFinish({ text, reasoning, calls, images }: Spoken): ChatChunk[] {
  if (text !== '' || reasoning !== '' || calls.length > 0 || images.length > 0)
    throw badResponse('a candidate goes on after its end')
  return []
}

interface Place {
  readonly index: number
  readonly firstCall: number
}

function deltasOf(spoken: Spoken, writer: ChunkWriter, { index, firstCall }: Place): ChatChunk[] {
  const { text, reasoning, calls, images, signature } = spoken
  const extras = { ...(images.length > 0 && { images }), ...signature }
  return [
    ...writer.reasoning(reasoning, index),
    ...writer.content(text, index),
    ...calls.map((each, position) =>
      writer.delta({ tool_calls: [{ index: firstCall + position, ...each }] }, index),
    ),
    ...(Object.keys(extras).length > 0 ? [writer.delta(extras, index)] : []),
  ]
}
