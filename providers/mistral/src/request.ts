import {
  type Call,
  type ChatRequest,
  parameterPatch,
  type Patch,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { writtenMessages } from './messages.ts'
import type { Options } from './options.ts'
import { parameterRules } from './parameters.ts'

/** `POST /chat/completions`: the client's own bytes with what the vendor has differently. */
export function chatRequest(call: Call<ChatRequest>, options: Options): UpstreamRequest {
  const messages = writtenMessages(call, options)
  const patch: Patch = {
    ...emptyMembers(call.body),
    ...parameterPatch(call, parameterRules),
    ...(messages !== call.body.messages && { messages }),
  }
  return { path: '/chat/completions', ...(Object.keys(patch).length > 0 && { patch }) }
}

/** What asks for nothing but would be answered 422: `null`, and the gateway's own member. */
function emptyMembers(body: Readonly<ChatRequest>): Patch {
  const names = Object.keys(body).filter((name) => body[name] === null || name === 'stream_options')
  return Object.fromEntries(names.map((name) => [name, undefined]))
}
