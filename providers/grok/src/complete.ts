import {
  asksForNothing,
  badResponse,
  type Call,
  type ChatCompletion,
  type ChatRequest,
  noParameter,
  isObject,
  type JsonObject,
  type Members,
  notOffered,
  type Operation,
  parameterMembers,
  type ParameterRules,
  promptFinish,
  promptUsage,
  tokenLimit,
  transcript,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import type { Options } from './options.ts'

type Settings = Pick<Options, 'max_tokens_field' | 'max_tokens' | 'stop_at_user'>

const format = {
  labels: { system: 'System: ', user: 'User: ', assistant: 'Assistant: ' },
  separator: '\n',
  ending: 'Assistant: ',
} as const

const noTools = (value: unknown, name: 'tools' | 'functions'): Members => {
  if (asksForNothing(name, value)) return {}
  throw notOffered(name, 'this wire format has no tools')
}

function rulesFor({ max_tokens_field: field }: Settings): ParameterRules {
  return {
    ...noParameter,
    ...tokenLimit(field),
    temperature: 'forward',
    top_p: 'forward',
    top_k: 'forward',
    stop: (value) => ({ stop_sequences: Array.isArray(value) ? value : [value] }),
    n: 'refuse',
    modalities: 'refuse',
    audio: 'refuse',
    tools: (value) => noTools(value, 'tools'),
    functions: (value) => noTools(value, 'functions'),
  }
}

/** The specification's wire format: one prompt, one text. It cannot stream: the gateway then sends the answer in one chunk. */
export function complete(settings: Settings): Operation<ChatRequest, ChatCompletion, never> {
  const rules = rulesFor(settings)
  return { request: (call) => completeRequest(call, rules, settings), response: answerOf }
}

function completeRequest(
  call: Call<ChatRequest>,
  rules: ParameterRules,
  { max_tokens_field: field, max_tokens, stop_at_user: atUser }: Settings,
): UpstreamRequest {
  const members = parameterMembers(call, rules)
  const stops: readonly unknown[] = Array.isArray(members['stop_sequences']) ? members['stop_sequences'] : []
  return {
    path: '/complete',
    body: {
      model: call.model,
      prompt: transcript(call.body.messages, format),
      // The vendor's own endpoint requires a limit.
      ...(field === 'max_tokens_to_sample' && { [field]: max_tokens }),
      ...members,
      ...(atUser && { stop_sequences: [...stops, '\nUser:'] }),
    },
  }
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
        finish_reason: promptFinish(stop_reason ?? first['finish_reason']),
        ...(typeof stop_reason === 'string' && { stop_reason }),
      },
    ],
    usage: promptUsage(answer['usage']),
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
