import {
  asksForNothing,
  type Call,
  type ChatChunk,
  type ChatCompletion,
  type ChatRequest,
  type FinishReason,
  type Operation,
  openaiFault,
  ProviderFault,
  type StreamDecoder,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'

/** Chat with the toy vendor: `{ engine, lines: ["user: Hi"] }` in, `{ reply, ended, tokens: [in, out] }` out. */
export const toyChat: Operation<ChatRequest, ChatCompletion, ChatChunk> = { request, response, stream }

const known = new Set(['model', 'messages', 'stream', 'stream_options'])
const endings: Readonly<Record<string, FinishReason>> = { full: 'stop', limit: 'length' }

function request(call: Call<ChatRequest>): UpstreamRequest {
  for (const [name, value] of Object.entries(call.body))
    if (!known.has(name) && !asksForNothing(name, value)) call.dropped(name)
  const lines = call.body.messages.map(({ role, content }, index) => {
    if (typeof content !== 'string') {
      const param = `messages[${index}].content`
      throw new ProviderFault({ kind: 'invalid_request', message: `${param} must be a text`, param })
    }
    return `${role}: ${content}`
  })
  return { path: '/talk', body: { engine: call.model, lines, ...(call.stream && { live: true }) } }
}

interface Reply {
  readonly reply?: unknown
  readonly ended?: unknown
  readonly tokens?: unknown
  readonly error?: unknown
}

function response(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  const { reply, ended, tokens } = read(body)
  if (typeof reply !== 'string' || typeof ended !== 'string') throw bad('the answer has no reply')
  return {
    ...head(call),
    object: 'chat.completion',
    choices: [
      { index: 0, message: { role: 'assistant', content: reply }, finish_reason: endings[ended] ?? 'stop' },
    ],
    usage: usage(tokens),
  }
}

function stream(call: Call<ChatRequest>): StreamDecoder<ChatChunk> {
  let started = false
  let ended = false

  function chunk(delta: object, finish: FinishReason | null = null): ChatChunk {
    const role = started ? {} : { role: 'assistant' as const }
    started = true
    const choice = { index: 0, delta: { ...role, ...delta }, finish_reason: finish }
    return { ...head(call), object: 'chat.completion.chunk', choices: [choice] }
  }

  return {
    event({ data }) {
      const part = read(parse(data))
      if (typeof part.reply === 'string') return [chunk({ content: part.reply })]
      if (ended || typeof part.ended !== 'string') return []
      ended = true
      const last = chunk({}, endings[part.ended] ?? 'stop')
      return [
        last,
        { ...head(call), object: 'chat.completion.chunk', choices: [], usage: usage(part.tokens) },
      ]
    },
    end() {
      if (!ended) throw bad('the stream closed before it had ended')
      return []
    },
  }
}

function head({ id, created, model }: Call): { id: string; created: number; model: string } {
  return { id: `chatcmpl-${id}`, created, model }
}

function read(body: unknown): Reply {
  if (typeof body !== 'object' || body === null) throw bad('the answer is not an object')
  const { error } = body as Reply
  if (error !== undefined && error !== null) {
    throw new ProviderFault(
      openaiFault({ status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }),
    )
  }
  return body
}

function usage(tokens: unknown): { prompt_tokens: number; completion_tokens: number; total_tokens: number } {
  const [input = 0, output = 0] = Array.isArray(tokens) ? tokens.map(Number) : []
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function bad(message: string): ProviderFault {
  return new ProviderFault({ kind: 'bad_response', message: `toy vendor: ${message}` })
}
