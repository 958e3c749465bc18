import {
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  type Completion,
  type CompletionChunk,
  type CompletionRequest,
  completionsOverChat,
  badResponse,
  isObject,
  type Operation,
  readChoices,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { completionDecoder } from './completions-stream.ts'
import { inBandFault } from './fault.ts'
import { isReasoningModel } from './models.ts'
import { mendUsage } from './usage.ts'

type Completions = Operation<CompletionRequest, Completion, CompletionChunk>

/** Legacy completions: the endpoint itself for models that do not reason, chat for all others. */
export function completions(chat: Operation<ChatRequest, ChatCompletion, ChatChunk>): Completions {
  const bridged = completionsOverChat(chat)
  const native = ({ model }: Call) => !isReasoningModel(model)
  return {
    request: (call) => (native(call) ? nativeRequest(call) : bridged.request(call)),
    response: (body, call) => (native(call) ? completion(body) : bridged.response(body, call)),
    stream: (call) => (native(call) ? undefined : bridged.stream?.(call)) ?? completionDecoder(call),
    split: (call) => (native(call) ? undefined : bridged.split(call)),
    join: bridged.join,
  }
}

/** The client's own bytes; usage is asked for here because the gateway asks only where it relays both ways. */
function nativeRequest({ stream, body }: Call<CompletionRequest>): UpstreamRequest {
  if (!stream) return { path: '/completions' }
  return { path: '/completions', patch: { stream_options: { ...body.stream_options, include_usage: true } } }
}

function completion(body: unknown): Completion {
  if (!isObject(body)) throw badResponse('it is not a JSON object')
  if (body['error']) throw inBandFault(body)
  if (!Array.isArray(body['choices'])) throw badResponse('there is no array named "choices"')
  const answer = { ...structuredClone(body), choices: readChoices(body['choices']) as unknown }
  const usage: unknown = body['usage']
  if (isObject(usage)) {
    const mended = structuredClone(usage)
    mendUsage(mended)
    return { ...answer, usage: mended } as unknown as Completion
  }
  return answer as unknown as Completion
}
