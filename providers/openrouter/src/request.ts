import {
  type Call,
  type ChatRequest,
  functionsAsTools,
  type HeaderMap,
  isObject,
  parameterPatch,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { parameters } from './parameters.ts'

/** Builds `POST /chat/completions`: the client's own bytes, but for what the vendor must not see. */
export function chatRequest(call: Call<ChatRequest>, headers: HeaderMap): UpstreamRequest {
  const messages = functionsAsTools(call.body.messages)
  const wish = isObject(call.body.stream_options) ? call.body.stream_options : {}
  const patch = {
    ...parameterPatch(call, parameters),
    ...(messages !== call.body.messages && { messages }),
    ...(call.stream && { stream_options: { ...wish, include_usage: true } }),
  }
  return { path: '/chat/completions', headers, ...(Object.keys(patch).length > 0 && { patch }) }
}
