import {
  badResponse,
  type Call,
  type ChatCompletion,
  type ChatRequest,
  isObject,
  type JsonObject,
  type ToolCall,
} from '@llmproxy/provider-kit'
import { citationMembers } from './citations.ts'
import { endingOf } from './finish-reason.ts'
import { logprobsOf } from './logprobs.ts'
import { sentNames, type ToolNames } from './tool-names.ts'
import { usageOf } from './usage.ts'

/** An answer of `/v2/chat` as a chat completion. Throws a `ProviderFault` for anything else, and for an answer that broke off. */
export function completionOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  if (!isObject(body) || !isObject(body['message'])) throw badResponse('it has no message')
  const { message } = body
  const calls = toolCalls(message['tool_calls'], sentNames(call.body), call)
  const ending = endingOf(body['finish_reason'], calls.length > 0, body['error'])
  const items = contentItems(message['content'])
  const text = items.flatMap((item) => (item['type'] === 'text' ? [stringOf(item['text'])] : [])).join('')
  const reasoning = [stringOf(message['tool_plan']), ...items.map(({ thinking }) => stringOf(thinking))].join(
    '',
  )
  return {
    id: typeof body['id'] === 'string' && body['id'] !== '' ? body['id'] : `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: call.created,
    model: call.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          ...(reasoning !== '' && { reasoning_content: reasoning }),
          ...planMembers(message['tool_plan']),
          ...citationMembers(message['citations']),
          ...(calls.length > 0 && { tool_calls: calls }),
        },
        logprobs: logprobsOf(body['logprobs']),
        ...ending,
      },
    ],
    usage: usageOf(body['usage']),
  }
}

/** The plan under its own name too: sent back with the calls, it is the plan again. */
export function planMembers(plan: unknown): { tool_plan?: string } {
  return typeof plan === 'string' && plan !== '' ? { tool_plan: plan } : {}
}

/** The arguments of a call as the string that clients parse. The word `null` is how this vendor says that there are none. */
export function argumentsOf(given: unknown): string {
  if (given === undefined || given === null) return '{}'
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  return text.trim() === '' || text.trim() === 'null' ? '{}' : text
}

function contentItems(content: unknown): readonly JsonObject[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return Array.isArray(content) ? content.filter(isObject) : []
}

function toolCalls(given: unknown, names: ToolNames, call: Call): ToolCall[] {
  if (!Array.isArray(given)) return []
  return given.filter(isObject).map((called, index) => {
    const named = isObject(called['function']) ? called['function'] : {}
    if (typeof named['name'] !== 'string') throw badResponse('a tool call has no name')
    const { id } = called
    return {
      id: typeof id === 'string' && id !== '' ? id : `call_${call.id}_0_${index}`,
      type: 'function',
      function: { name: names.given(named['name']), arguments: argumentsOf(named['arguments']) },
    }
  })
}

function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
