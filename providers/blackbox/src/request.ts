import {
  type Call,
  type ChatRequest,
  developerAsSystem,
  functionsAsTools,
  isObject,
  parameterPatch,
  type Patch,
  rewriteMessages,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { parameters } from './parameters.ts'

/** Builds a chat request: the client's own bytes, but for what the vendor does not know. */
export function chatRequest(call: Call<ChatRequest>, path: string): UpstreamRequest {
  const wish = isObject(call.body.stream_options) ? call.body.stream_options : {}
  const patch = {
    ...patchOf(call),
    ...(call.stream && { stream_options: { ...wish, include_usage: true } }),
  }
  return { path, ...(Object.keys(patch).length > 0 && { patch }) }
}

/** The same for the format without streams: the gateway makes one of the whole answer. */
export function wholeChatRequest(call: Call<ChatRequest>, path: string): UpstreamRequest {
  const patch: Record<string, unknown> = { ...patchOf(call) }
  for (const name of ['stream', 'stream_options']) {
    if (Object.hasOwn(call.body, name)) patch[name] = undefined
  }
  return { path, ...(Object.keys(patch).length > 0 && { patch }) }
}

function patchOf(call: Call<ChatRequest>): Patch {
  const messages = functionsAsTools(call.body.messages)
  const written = rewriteMessages(messages, developerAsSystem) ?? messages
  return { ...parameterPatch(call, parameters), ...(written !== call.body.messages && { messages: written }) }
}
