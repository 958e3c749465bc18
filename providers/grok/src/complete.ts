import {
  asksForNothing,
  badResponse,
  type Call,
  type ChatCompletion,
  type ChatRequest,
  finishReason,
  isObject,
  type JsonObject,
  notOffered,
  type Operation,
  ProviderFault,
  refuse,
  transcript,
  type UpstreamRequest,
  type Usage,
} from '@llmproxy/provider-kit'
import type { Options } from './options.ts'

type Settings = Pick<Options, 'max_tokens_field' | 'max_tokens' | 'stop_at_user'>

const format = {
  labels: { system: 'System: ', user: 'User: ', assistant: 'Assistant: ' },
  separator: '\n',
  ending: 'Assistant: ',
} as const

/** Members with a place of their own, and those that are the vendor's under the same name. */
const placed: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'stop',
])
const same: ReadonlySet<string> = new Set(['temperature', 'top_p', 'top_k'])
const tools: ReadonlySet<string> = new Set(['tools', 'functions'])

/** The specification's wire format: one prompt, one text. It cannot stream: the gateway then sends the answer in one chunk. */
export function complete(settings: Settings): Operation<ChatRequest, ChatCompletion, never> {
  return { request: (call) => completeRequest(call, settings), response: answerOf }
}

function completeRequest(call: Call<ChatRequest>, settings: Settings): UpstreamRequest {
  const { body } = call
  const more: JsonObject = {}
  for (const [name, value] of Object.entries(body)) {
    if (placed.has(name) || asksForNothing(name, value)) continue
    if (tools.has(name)) throw notOffered(name, 'this wire format has no tools')
    if (name === 'n') throw refuse('n', 'only one answer can be asked for')
    if (same.has(name)) more[name] = value
    else call.dropped(name)
  }
  return {
    path: '/complete',
    body: {
      model: call.model,
      prompt: transcript(body.messages, format),
      ...tokenLimit(body, settings),
      ...more,
      ...stops(body.stop, settings),
    },
  }
}

function tokenLimit(
  body: Readonly<ChatRequest>,
  { max_tokens_field: field, max_tokens }: Settings,
): JsonObject {
  const asked = body.max_completion_tokens ?? body.max_tokens
  const limit = asked ?? (field === 'max_tokens' ? undefined : max_tokens)
  return limit === undefined ? {} : { [field]: limit }
}

function stops(stop: unknown, { stop_at_user: atUser }: Settings): { stop_sequences?: readonly unknown[] } {
  const asked: readonly unknown[] = Array.isArray(stop) ? stop : typeof stop === 'string' ? [stop] : []
  const all = atUser ? [...asked, '\nUser:'] : asked
  return all.length === 0 ? {} : { stop_sequences: all }
}

function answerOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  const answer = isObject(body) ? body : {}
  const choice: unknown = Array.isArray(answer['choices']) ? answer['choices'][0] : undefined
  const first = isObject(choice) ? choice : {}
  const { id, created, model, stop_reason } = answer
  return {
    id: typeof id === 'string' && id !== '' ? id : `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: typeof created === 'number' && created >= 1 ? Math.floor(created) : call.created,
    model: typeof model === 'string' && model !== '' ? model : call.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: textIn(answer, first) },
        finish_reason: reasonOf(stop_reason ?? first['finish_reason']),
        ...(typeof stop_reason === 'string' && { stop_reason }),
      },
    ],
    usage: usageOf(answer['usage']),
  }
}

/** The specification does not say where the text is. The model goes on behind `Assistant: `, often with a space of its own. */
function textIn(answer: JsonObject, choice: JsonObject): string {
  const message = isObject(choice['message']) ? choice['message'] : {}
  const text = [answer['completion'], answer['text'], choice['text'], message['content']].find(
    (value) => typeof value === 'string',
  )
  if (text === undefined) throw badResponse('there is no text in it')
  return text.startsWith(' ') ? text.slice(1) : text
}

function reasonOf(word: unknown): 'stop' | 'length' {
  const verdict = finishReason(word)
  if (verdict.kind === 'failure')
    throw new ProviderFault({ kind: 'upstream', message: `the upstream broke off: ${verdict.raw}` })
  return verdict.kind === 'finish' && verdict.reason === 'length' ? 'length' : 'stop'
}

/** Zeros where the format says nothing: the specification has them so. */
function usageOf(given: unknown): Usage {
  const usage = isObject(given) ? given : {}
  const count = (name: string): number => (typeof usage[name] === 'number' ? usage[name] : 0)
  const prompt_tokens = count('prompt_tokens')
  const completion_tokens = count('completion_tokens')
  const total_tokens = count('total_tokens') || prompt_tokens + completion_tokens
  return { ...usage, prompt_tokens, completion_tokens, total_tokens }
}
