import {
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  type Completion,
  type CompletionChunk,
  type CompletionRequest,
  completionsOverChat,
  openaiCompletionDecoder,
  type Operation,
  ProviderFault,
  readChoices,
  throwErrorBody,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'

/** The models that still have the endpoint; everything else is served by chat. */
const native: ReadonlySet<string> = new Set(['gpt-3.5-turbo-instruct', 'davinci-002', 'babbage-002'])

type Completions = Operation<CompletionRequest, Completion, CompletionChunk>

/** Legacy completions: the endpoint itself for the models that have it, chat for all others. */
export function completions(chat: Operation<ChatRequest, ChatCompletion, ChatChunk>): Completions {
  const bridged = completionsOverChat(chat, { streamUsage: true })
  const has = (model: string) => native.has(model) || /^ft:(?:davinci|babbage)-002:/.test(model)
  return {
    request: (call) => (has(call.model) ? nativeRequest(call) : bridged.request(call)),
    response: (body, call) => (has(call.model) ? completion(body) : bridged.response(body, call)),
    stream: (call) =>
      has(call.model) ? openaiCompletionDecoder() : (bridged.stream?.(call) ?? openaiCompletionDecoder()),
    // The endpoint itself takes several prompts at once.
    split: (call) => (has(call.model) ? undefined : bridged.split(call)),
    join: bridged.join,
  }
}

/** The client's own bytes; usage is asked for here because the gateway asks only where it relays both ways. */
function nativeRequest({ stream, body }: Call<CompletionRequest>): UpstreamRequest {
  if (!stream) return { path: '/completions' }
  return { path: '/completions', patch: { stream_options: { ...body.stream_options, include_usage: true } } }
}

function completion(body: unknown): Completion {
  const answer = typeof body === 'object' && body !== null ? (body as Partial<Completion>) : {}
  throwErrorBody(answer, '')
  if (!Array.isArray(answer.choices)) {
    throw new ProviderFault({
      kind: 'bad_response',
      message: 'the upstream’s answer has no array named "choices"',
    })
  }
  return { ...answer, choices: readChoices(answer.choices) as unknown } as Completion
}
