import {
  type Call,
  type ChatRequest,
  parameterPatch,
  type ParameterRules,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { alternatingMessages } from './messages.ts'
import type { Options } from './options.ts'

/** A chat request: the client's bytes, with what the vendor does not take changed. Throws a `ProviderFault` for what is refused. */
export function chatRequest(
  call: Call<ChatRequest>,
  rules: ParameterRules,
  settings: Pick<Options, 'tools'>,
): UpstreamRequest {
  const messages = alternatingMessages(call, settings)
  const patch = {
    ...parameterPatch(call, rules),
    ...(messages !== undefined && { messages }),
    // Usage comes unasked, in every chunk.
    ...(call.body.stream_options !== undefined && { stream_options: undefined }),
  }
  return { path: '/chat/completions', ...(Object.keys(patch).length > 0 && { patch }) }
}
