import { type Call, type ChatRequest, parameterPatch, type UpstreamRequest } from '@llmproxy/provider-kit'
import { writtenMessages } from './messages.ts'
import { parameters } from './parameters.ts'

/** Builds `POST /chat/completions`: the client's own bytes, but for what the vendor would refuse. */
export function chatRequest(call: Call<ChatRequest>): UpstreamRequest {
  const messages = writtenMessages(call)
  const patch = {
    ...parameterPatch(call, parameters),
    ...(messages && { messages }),
    ...(call.stream && { stream_options: { ...call.body.stream_options, include_usage: true } }),
  }
  return { path: '/chat/completions', ...(Object.keys(patch).length > 0 && { patch }) }
}
