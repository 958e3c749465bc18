import {
  badResponse,
  type Call,
  type ChatChoice,
  type ChatCompletion,
  type ChatRequest,
  isObject,
  type JsonObject,
} from '@llmproxy/provider-kit'
import { blockedPrompt, candidatesOf, extrasOf, spokenOf } from './candidate.ts'
import { throwInBand } from './fault.ts'
import { finishReason } from './finish-reason.ts'
import { logprobsOf } from './logprobs.ts'
import { usageOf } from './usage.ts'

/** A whole answer as a chat completion. Throws a `bad_response` fault for what is no answer. */
export function completionOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  throwInBand(body)
  if (!isObject(body)) throw badResponse('it is not an object')
  const choices = choicesOf(body, call)
  if (choices.length === 0) throw badResponse('it has no candidates')
  return {
    id: answerId(body) ?? `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: call.created,
    model: answerModel(body) ?? call.model,
    choices,
    usage: usageOf(body['usageMetadata']),
    ...(isObject(body['promptFeedback']) && { promptFeedback: body['promptFeedback'] }),
  }
}

/** The vendor's own id of the answer. */
export function answerId({ responseId: id }: JsonObject): string | undefined {
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** The model that has answered. */
export function answerModel({ modelVersion: model }: JsonObject): string | undefined {
  return typeof model === 'string' && model !== '' ? model : undefined
}

function choicesOf(body: JsonObject, call: Call<ChatRequest>): ChatChoice[] {
  const candidates = candidatesOf(body)
  const blocked = candidates.length === 0 ? blockedPrompt(body) : undefined
  if (blocked !== undefined) {
    const message = { role: 'assistant', content: null, refusal: blocked.refusal } as const
    return [{ index: 0, message, logprobs: null, finish_reason: 'content_filter' }]
  }
  return candidates.map(({ index, candidate }) => choiceOf(candidate, index, call))
}

function choiceOf(candidate: JsonObject, index: number, call: Call<ChatRequest>): ChatChoice {
  const { text, reasoning, calls, images, signature } = spokenOf(candidate, call, { index, firstCall: 0 })
  const finish = finishReason(candidate['finishReason'], calls.length > 0)
  return {
    index,
    message: {
      role: 'assistant',
      content: text === '' && calls.length > 0 ? null : text,
      refusal: null,
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(calls.length > 0 && { tool_calls: [...calls] }),
      ...(images.length > 0 && { images }),
      ...signature,
    },
    logprobs: logprobsOf(candidate),
    finish_reason: finish,
    ...extrasOf(candidate),
  }
}
