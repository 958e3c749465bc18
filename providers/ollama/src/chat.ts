import {
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  mendedAnswers,
  type Operation,
  parameterPatch,
  type UpstreamRequest,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { ollamaFault } from './fault.ts'
import { writtenMessages } from './messages.ts'
import { parameters } from './parameters.ts'

/** Chat at `/v1/chat/completions`: the client's own bytes, but for what the server would ignore or refuse. */
export const chat: Operation<ChatRequest, ChatCompletion, ChatChunk> = {
  request: chatRequest,
  ...withFunctionCalls(mendedAnswers({ fault: ollamaFault })),
}

function chatRequest(call: Call<ChatRequest>): UpstreamRequest {
  const messages = writtenMessages(call)
  const patch = {
    ...parameterPatch(call, parameters),
    ...(messages && { messages }),
    ...(call.stream && { stream_options: { ...call.body.stream_options, include_usage: true } }),
  }
  return { path: '/v1/chat/completions', ...(Object.keys(patch).length > 0 && { patch }) }
}
