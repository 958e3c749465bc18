import {
  badResponse,
  type Call,
  type ChatCompletion,
  type ChatRequest,
  type FinishReason,
  isObject,
  type JsonObject,
  openaiFault,
  ProviderFault,
  type ToolCall,
  type Usage,
} from '@llmproxy/provider-kit'
import { ollamaFault } from '../fault.ts'

/** A whole answer as a chat completion. Throws a `bad_response` fault for what is no answer. */
export function nativeCompletion(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  throwInBand(body)
  if (!isObject(body) || !isObject(body['message'])) throw badResponse('it has no message')
  if (body['done'] !== true) throw badResponse('it is not done')
  const { message } = body
  const calls = toolCallsOf(message, (position) => `call_${call.id}_${position}`)
  const text = textAt(message, 'content')
  const thinking = textAt(message, 'thinking')
  const choice = {
    index: 0,
    message: {
      role: 'assistant' as const,
      content: text === '' && calls.length > 0 ? null : text,
      refusal: null,
      ...(thinking !== '' && { reasoning_content: thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
    logprobs: null,
    finish_reason: finishOf(body, calls.length > 0),
    ...doneReason(body),
  }
  return {
    id: `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: call.created,
    model: textAt(body, 'model') || call.model,
    choices: [choice],
    usage: usageOf(body),
    ...durations(body),
  }
}

/** Throws the fault of an error that stands inside a 2xx, in the place of an answer or of a line. */
export function throwInBand(body: unknown): void {
  if (!isObject(body) || !body['error']) return
  const response = { status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }
  throw new ProviderFault(ollamaFault(response) ?? openaiFault(response))
}

/** The calls of a message. The server gives no ids. */
export function toolCallsOf(message: JsonObject, madeId: (position: number) => string): ToolCall[] {
  const calls = Array.isArray(message['tool_calls']) ? message['tool_calls'].filter(isObject) : []
  return calls.map((call, position) => {
    const called = isObject(call['function']) ? call['function'] : {}
    const name = textAt(called, 'name')
    if (name === '') throw badResponse('a tool call has no name')
    const given = called['arguments'] ?? {}
    const text = typeof given === 'string' ? given.trim() : JSON.stringify(given)
    return {
      id: textAt(call, 'id') || madeId(position),
      type: 'function',
      // Nothing, and the word `null` alone, say that there are none.
      function: { name, arguments: text === '' || text === 'null' ? '{}' : text },
    }
  })
}

/** Why the answer ended. The server says `stop` after calls, too. */
export function finishOf(body: JsonObject, hasCalls: boolean): FinishReason {
  if (body['done_reason'] === 'length') return 'length'
  return hasCalls ? 'tool_calls' : 'stop'
}

/** The server's own word. */
export function doneReason(body: JsonObject): JsonObject {
  return typeof body['done_reason'] === 'string' ? { done_reason: body['done_reason'] } : {}
}

/** `null` when a count is missing, as that of a prompt that was cached: it is not known, and not zero. */
export function usageOf(body: JsonObject): Usage | null {
  const { prompt_eval_count: prompt, eval_count: completion } = body
  if (typeof prompt !== 'number' || typeof completion !== 'number') return null
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

/** A text member, or nothing. */
export function textAt(holder: JsonObject, name: string): string {
  const value = holder[name]
  return typeof value === 'string' ? value : ''
}

/** The server's own figures, in nanoseconds. */
function durations(body: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name.endsWith('_duration')))
}
