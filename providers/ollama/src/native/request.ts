import {
  type Call,
  type ChatRequest,
  isObject,
  parameterMembers,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import type { Options } from '../options.ts'
import { nativeMessages } from './messages.ts'
import { nativeParameters } from './parameters.ts'

/** Builds `POST /api/chat`. The server streams unless it is told not to. */
export function nativeRequest(call: Call<ChatRequest>, configured: Options): UpstreamRequest {
  const {
    tools,
    format,
    think,
    keep_alive: keepAlive = configured.keep_alive,
    options: own,
    ...sampling
  } = parameterMembers(call, nativeParameters)
  const options = {
    ...(configured.num_ctx !== undefined && { num_ctx: configured.num_ctx }),
    ...sampling,
    ...(isObject(own) && own),
  }
  const body = {
    model: call.model,
    stream: call.stream,
    ...(Array.isArray(tools) && tools.length > 0 && { tools }),
    ...(format !== undefined && { format }),
    ...(think !== undefined && { think }),
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
    ...(Object.keys(options).length > 0 && { options }),
    messages: nativeMessages(call),
  }
  return { path: '/api/chat', body }
}
