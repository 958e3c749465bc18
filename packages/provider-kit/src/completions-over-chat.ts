import { chatCompletion, completion, completionDecoder } from './completion-from-chat.ts'
import type { Call, Operation, UpstreamRequest } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { joinedCompletions, promptParts } from './completion-parts.ts'
import { openaiDecoder } from './openai-stream.ts'
import type {
  ChatChunk,
  ChatCompletion,
  ChatRequest,
  Completion,
  CompletionChunk,
  CompletionRequest,
} from './wire.ts'

export interface CompletionsOverChatOptions {
  /**
   * Ask a relaying chat upstream for the usage of a stream. Default `false`, which is right for the bridge of the gateway,
   * because it asks by itself. `true` for a provider that has this operation as its own.
   */
  readonly streamUsage?: boolean
}

/** Legacy completions; always translating, and one exchange for each of several prompts. */
export type BridgedCompletions = Operation<CompletionRequest, Completion, CompletionChunk> & {
  response(body: unknown, call: Call<CompletionRequest>): Completion
  split(call: Call<CompletionRequest>): readonly CompletionRequest[] | undefined
  join(answers: readonly Completion[], call: Call<CompletionRequest>): Completion
}

type ChatOperation = Operation<ChatRequest, ChatCompletion, ChatChunk>

/**
 * Serves legacy completions with a chat operation, relaying or translating: the prompt becomes one user message, several
 * prompts become as many exchanges.
 * Throws a `ProviderFault` of kind `invalid_request` for what chat cannot express: token arrays, `suffix`.
 * `echo`, `best_of` and `logprobs` are dropped, and reported.
 */
export function completionsOverChat(
  chat: ChatOperation,
  options: CompletionsOverChatOptions = {},
): BridgedCompletions {
  const toChat = (call: Call<CompletionRequest>) => chatCall(call, chat, options.streamUsage === true)
  const operation: BridgedCompletions = {
    request(call) {
      reportDropped(call)
      const asChat = toChat(call)
      return withBody(chat.request(asChat), asChat)
    },
    response(body, call) {
      return completion(chat.response ? chat.response(body, toChat(call)) : chatCompletion(body, call), call)
    },
    split: ({ body }) => promptParts(body),
    join: joinedCompletions,
  }
  // Absent beside `response`: the vendor cannot stream, and this operation cannot either.
  if (chat.response && !chat.stream) return operation
  return {
    ...operation,
    ...(chat.framing && { framing: (limits) => chat.framing!(limits) }),
    stream: (call) => completionDecoder(chat.stream ? chat.stream(toChat(call)) : openaiDecoder(), call),
  }
}

function chatCall(
  call: Call<CompletionRequest>,
  chat: ChatOperation,
  streamUsage: boolean,
): Call<ChatRequest> {
  const { prompt, suffix, echo: _echo, best_of: _bestOf, logprobs: _logprobs, ...shared } = call.body
  if (suffix !== undefined && suffix !== null && suffix !== '')
    throw refuse('suffix', 'suffix is not supported by this provider')
  const askForUsage = call.stream && streamUsage && !chat.stream && !chat.response
  const body: ChatRequest = { ...shared, messages: [{ role: 'user', content: promptText(prompt) }] }
  if (askForUsage) body.stream_options = { ...body.stream_options, include_usage: true }
  return { ...call, body, dropped: (field) => call.dropped(field) }
}

function promptText(prompt: unknown): string {
  const only: unknown = Array.isArray(prompt) && prompt.length === 1 ? prompt[0] : prompt
  if (typeof only === 'string') return only
  if (!Array.isArray(only)) throw refuse('prompt', 'prompt must be a string')
  if (only.length === 0) throw refuse('prompt', 'prompt is empty')
  throw refuse('prompt', problemOf(only))
}

function problemOf(prompts: readonly unknown[]): string {
  if (prompts.some((part) => typeof part === 'number' || Array.isArray(part)))
    return 'token arrays are not supported by this provider: send the prompt as text'
  // Whoever asks here for texts has not asked `split` first.
  return prompts.every((part) => typeof part === 'string')
    ? 'one exchange takes one prompt'
    : 'prompt must be a string or an array of strings'
}

function refuse(param: string, message: string): ProviderFault {
  return new ProviderFault({ kind: 'invalid_request', message, param, code: 'unsupported_parameter' })
}

/** Values that ask for what happens anyway are no loss. */
function reportDropped(call: Call<CompletionRequest>): void {
  const { echo, best_of, logprobs } = call.body
  if (echo === true) call.dropped('echo')
  if (typeof best_of === 'number' && best_of > 1) call.dropped('best_of')
  if (typeof logprobs === 'number') call.dropped('logprobs')
}

/** The client's bytes are not a chat body, so a relaying chat operation gets an explicit one. */
function withBody({ patch, ...request }: UpstreamRequest, call: Call<ChatRequest>): UpstreamRequest {
  if (request.body !== undefined) return request
  const members = Object.entries({ ...call.body, model: call.model, ...patch })
  return { ...request, body: Object.fromEntries(members.filter(([, value]) => value !== undefined)) }
}
