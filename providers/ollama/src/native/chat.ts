import {
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  jsonLines,
  type Operation,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import type { Options } from '../options.ts'
import { nativeRequest } from './request.ts'
import { nativeCompletion } from './response.ts'
import { nativeDecoder } from './stream.ts'

/** Chat at `/api/chat`, translated; its streams are JSON by the line. */
export function nativeChat(options: Options): Operation<ChatRequest, ChatCompletion, ChatChunk> {
  return {
    request: (call) => nativeRequest(call, options),
    ...withFunctionCalls({ response: nativeCompletion, stream: nativeDecoder }),
    framing: jsonLines,
  }
}
