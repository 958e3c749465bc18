import {
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  finishReason,
  functionsAsTools,
  type HeaderMap,
  isObject,
  type JsonObject,
  mendedAnswers,
  type Operation,
  parameterPatch,
  type Patch,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { openrouterFault } from './fault.ts'
import { parameters } from './parameters.ts'

/** Chat: the client's own bytes go out; answers are read, because errors and missing ids hide in them. */
export function chat(headers: HeaderMap): Operation<ChatRequest, ChatCompletion, ChatChunk> {
  return {
    request: (call) => {
      const patch = patchOf(call)
      return { path: '/chat/completions', headers, ...(Object.keys(patch).length > 0 && { patch }) }
    },
    ...withFunctionCalls(mendedAnswers({ message: keepFinishWord, fault: openrouterFault })),
  }
}

function patchOf(call: Call<ChatRequest>): Patch {
  const messages = functionsAsTools(call.body.messages)
  const wish = isObject(call.body.stream_options) ? call.body.stream_options : {}
  return {
    ...parameterPatch(call, parameters),
    ...(messages !== call.body.messages && { messages }),
    ...(call.stream && { stream_options: { ...wish, include_usage: true } }),
  }
}

/** A word that nobody knows becomes `stop`. The vendor keeps the one of the model's own vendor here; it must not get lost. */
function keepFinishWord(_message: JsonObject, choice: JsonObject): void {
  const word = choice['finish_reason']
  const verdict = finishReason(word)
  if (verdict.kind === 'finish' && !verdict.known) choice['native_finish_reason'] ??= word
}
