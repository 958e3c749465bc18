import { type Call, type ChatRequest, parameterPatch, type UpstreamRequest } from '@llmproxy/provider-kit'
import { writtenMessages } from './messages.ts'
import type { Options } from './options.ts'
import { parameters } from './parameters.ts'

/** Builds `POST /chat/completions`: the client's own bytes, but for what the vendor would refuse or ignore. */
export function chatRequest(call: Call<ChatRequest>, options: Options): UpstreamRequest {
  const messages = writtenMessages(call, options)
  const patch = {
    ...parameterPatch(call, parameters),
    ...(messages && { messages }),
    ...(call.stream && { stream_options: { include_usage: true } }),
  }
  return { path: '/chat/completions', ...(Object.keys(patch).length > 0 && { patch }) }
}
