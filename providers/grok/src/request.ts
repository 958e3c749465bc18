import { type Call, type ChatRequest, parameterPatch, type UpstreamRequest } from '@llmproxy/provider-kit'
import { grokMessages } from './messages.ts'
import { cacheHeaders, parameters } from './parameters.ts'

/** A chat request: the client's bytes, with what the vendor does not take changed. Throws a `ProviderFault` for what is refused. */
export function chatRequest(call: Call<ChatRequest>): UpstreamRequest {
  const messages = grokMessages(call)
  const headers = cacheHeaders(call)
  const patch = {
    ...parameterPatch(call, parameters),
    ...(messages !== undefined && { messages }),
    ...(call.stream && { stream_options: { ...call.body.stream_options, include_usage: true } }),
  }
  return {
    path: '/chat/completions',
    ...(headers !== undefined && { headers }),
    ...(Object.keys(patch).length > 0 && { patch }),
  }
}
