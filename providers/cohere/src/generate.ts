import {
  badResponse,
  type Call,
  type ChatChunk,
  type ChatChoice,
  type ChatCompletion,
  type ChatRequest,
  isObject,
  type JsonObject,
  type Operation,
  parameterMembers,
  transcript,
  type TranscriptFormat,
  type Usage,
} from '@llmproxy/provider-kit'
import { endingOf } from './finish-reason.ts'
import { generateRules } from './generate-parameters.ts'
import { usageOf } from './usage.ts'

/** Blocks with a blank line between them; the last one ends with a space, where the model goes on. */
const format: TranscriptFormat = {
  labels: { system: 'System: ', user: 'User: ', assistant: 'Assistant: ' },
  separator: '\n\n',
  ending: 'Assistant: ',
}

/**
 * Chat over `POST /v1/generate`. There is no `stream`: a client that wants one gets the whole answer in one chunk. Throws "not offered"
 * for tools, images and JSON Schemas.
 */
export function generate(
  headers: Readonly<Record<string, string>>,
): Operation<ChatRequest, ChatCompletion, ChatChunk> {
  return {
    request: (call) => {
      const prompt = transcript(call.body.messages, format)
      return {
        path: '/v1/generate',
        headers,
        body: { model: call.model, prompt, ...parameterMembers(call, generateRules) },
      }
    },
    response: completionOf,
  }
}

function completionOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  const given = isObject(body) ? body['generations'] : undefined
  if (!isObject(body) || !Array.isArray(given) || given.length === 0)
    throw badResponse('it has no generations')
  return {
    id: typeof body['id'] === 'string' && body['id'] !== '' ? body['id'] : `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: call.created,
    model: call.model,
    choices: given.map(choiceOf),
    usage: usageOf(body['meta']) ?? noUsage,
  }
}

/** This wire format tells of tokens only where they are charged. */
const noUsage: Usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }

function choiceOf(generation: unknown, index: number): ChatChoice {
  if (!isObject(generation) || typeof generation['text'] !== 'string')
    throw badResponse(`generation ${index} has no text`)
  const { text, finish_reason: word, likelihood } = generation as JsonObject & { text: string }
  // Without a word the answer is whole: streams do not exist here.
  const ending =
    word === undefined || word === null ? { finish_reason: 'stop' as const } : endingOf(word, false)
  return {
    index,
    message: { role: 'assistant', content: text.replace(/^ +/, '') },
    logprobs: null,
    ...ending,
    ...(typeof likelihood === 'number' && { likelihood }),
  }
}
