import {
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  developerAsSystem,
  functionsAsTools,
  isObject,
  mendedAnswers,
  type Operation,
  parameterPatch,
  type Patch,
  rewriteMessages,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { blackboxFault } from './fault.ts'
import { ownModel, withoutNone } from './none.ts'
import { parameters } from './parameters.ts'

type Chat = Operation<ChatRequest, ChatCompletion, ChatChunk>

/** Reading of whole answers and streams, shared with what else goes through chat. */
export const answers = withFunctionCalls(
  mendedAnswers({
    frame(frame, call) {
      withoutNone(frame, ['system_fingerprint', 'usage'])
      ownModel(frame, call)
    },
    message: (message) => withoutNone(message, ['tool_calls', 'function_call']),
    usage: (usage) => withoutNone(usage, ['completion_tokens_details', 'prompt_tokens_details']),
    fault: blackboxFault,
  }),
)

/** Chat, streamed or not. */
export function chat(path: string): Chat {
  return {
    request: (call) => {
      const wish = isObject(call.body.stream_options) ? call.body.stream_options : {}
      const patch = {
        ...patchOf(call),
        ...(call.stream && { stream_options: { ...wish, include_usage: true } }),
      }
      return { path, ...(Object.keys(patch).length > 0 && { patch }) }
    },
    ...answers,
  }
}

/** Chat of the format without streams: the gateway makes one of the whole answer. */
export function wholeChat(path: string): Chat {
  return {
    request: (call) => {
      const patch: Record<string, unknown> = { ...patchOf(call) }
      for (const name of ['stream', 'stream_options']) {
        if (Object.hasOwn(call.body, name)) patch[name] = undefined
      }
      return { path, ...(Object.keys(patch).length > 0 && { patch }) }
    },
    response: answers.response,
  }
}

function patchOf(call: Call<ChatRequest>): Patch {
  const messages = functionsAsTools(call.body.messages)
  const written = rewriteMessages(messages, developerAsSystem) ?? messages
  return { ...parameterPatch(call, parameters), ...(written !== call.body.messages && { messages: written }) }
}
