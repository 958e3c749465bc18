import {
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  finishReason,
  type HeaderMap,
  isObject,
  type JsonObject,
  mendedAnswers,
  type Operation,
  parameterPatch,
  type Patch,
} from '@llmproxy/provider-kit'
import { openrouterFault } from './fault.ts'
import { parameters } from './parameters.ts'

/** Chat: the client's own bytes go out; answers are read, because errors and missing ids hide in them. */
export function chat(headers: HeaderMap): Operation<ChatRequest, ChatCompletion, ChatChunk> {
  return {
    request: (call) => {
      const patch = patchOf(call)
      return { path: '/chat/completions', headers, ...(patch && { patch }) }
    },
    ...mendedAnswers({ message: keepFinishWord, fault: openrouterFault }),
  }
}

function patchOf(call: Call<ChatRequest>): Patch | undefined {
  const patch = parameterPatch(call, parameters)
  if (!call.stream) return patch
  const wish = isObject(call.body.stream_options) ? call.body.stream_options : {}
  return { ...patch, stream_options: { ...wish, include_usage: true } }
}

/** A word that nobody knows becomes `stop`. The vendor keeps the one of the model's own vendor here; it must not get lost. */
function keepFinishWord(_message: JsonObject, choice: JsonObject): void {
  const word = choice['finish_reason']
  const verdict = finishReason(word)
  if (verdict.kind === 'finish' && !verdict.known) choice['native_finish_reason'] ??= word
}
