import {
  asksForNothing,
  badResponse,
  type Call,
  type ChatCompletion,
  type ChatRequest,
  noParameter,
  isObject,
  type JsonObject,
  kindOf,
  type Members,
  notOffered,
  type Operation,
  parameterMembers,
  type ParameterRules,
  plainText,
  promptFinish,
  promptUsage,
  refuse,
  tokenLimit,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { readSources, sourcesOf } from './sources.ts'

const noTools = (value: unknown, name: 'tools' | 'functions'): Members => {
  if (asksForNothing(name, value)) return {}
  throw notOffered(name, 'this wire format has no tools')
}

/** The format has a limit and a temperature, and nothing else. */
const parameters: ParameterRules = {
  ...noParameter,
  ...tokenLimit('max_tokens'),
  temperature: 'forward',
  n: 'refuse',
  modalities: 'refuse',
  audio: 'refuse',
  tools: (value) => noTools(value, 'tools'),
  functions: (value) => noTools(value, 'functions'),
}

/** The specification's wire format: one question, one answer. It cannot stream: the gateway then sends the answer in one chunk. */
export const ask: Operation<ChatRequest, ChatCompletion, never> = {
  request: askRequest,
  response: answerOf,
}

function askRequest(call: Call<ChatRequest>): UpstreamRequest {
  const query = lastQuestion(call)
  return { path: '/v1/ask', body: { model: call.model, query, ...parameterMembers(call, parameters) } }
}

/** The text of the last user message. The rest of the conversation has no place in this format, and is reported. */
function lastQuestion(call: Call<ChatRequest>): string {
  const messages: unknown = call.body.messages
  if (!Array.isArray(messages)) throw refuse('messages', `must be an array, found ${kindOf(messages)}`)
  const place = messages.findLastIndex((message) => isObject(message) && message['role'] === 'user')
  const message: unknown = messages[place]
  if (!isObject(message)) throw refuse('messages', 'there is no user message to answer')
  if (messages.length > 1) call.dropped('messages')
  return plainText(message['content'], `messages[${place}].content`)
}

function answerOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  const answer = isObject(body) ? body : {}
  const choice: unknown = Array.isArray(answer['choices']) ? answer['choices'][0] : undefined
  const { id, created, model, perplexity_sources: given } = answer
  return {
    id: typeof id === 'string' && id !== '' ? id : `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: typeof created === 'number' && created >= 1 ? Math.floor(created) : call.created,
    model: typeof model === 'string' && model !== '' ? model : call.model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: textIn(answer, choice) },
        finish_reason: promptFinish(isObject(choice) ? choice['finish_reason'] : undefined),
      },
    ],
    usage: promptUsage(answer['usage']),
    perplexity_sources: Array.isArray(given) ? readSources(given) : sourcesOf(answer),
  }
}

/** The specification does not say where the text is. */
function textIn(answer: JsonObject, choice: unknown): string {
  const message = isObject(choice) && isObject(choice['message']) ? choice['message'] : {}
  const text = [answer['answer'], answer['text'], answer['output'], message['content']].find(
    (value) => typeof value === 'string',
  )
  if (text === undefined) throw badResponse('there is no text in it')
  return text
}
