import { type Call, type ChatRequest, parameterPatch, type UpstreamRequest } from '@llmproxy/provider-kit'
import { writtenMessages } from './messages.ts'
import { parameters } from './parameters.ts'

/** Builds `POST /v1/chat/completions`: the client's own bytes, but for what the server would ignore or refuse. */
export function chatRequest(call: Call<ChatRequest>): UpstreamRequest {
  const messages = writtenMessages(call)
  const patch = {
    ...parameterPatch(call, parameters),
    ...(messages && { messages }),
    ...(call.stream && { stream_options: { ...call.body.stream_options, include_usage: true } }),
  }
  return { path: '/v1/chat/completions', ...(Object.keys(patch).length > 0 && { patch }) }
}
