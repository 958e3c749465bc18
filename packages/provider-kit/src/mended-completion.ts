import type { Call } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { isObject, type JsonObject } from './frame-rules-shape.ts'
import { readChoices } from './openai-stream.ts'
import type { ChatCompletion, ToolCall } from './wire.ts'

const reasoningNames = ['reasoning', 'reasoning_text', 'thinking'] as const

/** A whole chat answer with everything that an OpenAI client trusts in. Edits `answer`, and keeps what it does not know. */
export function mendedCompletion(answer: JsonObject, call: Call): ChatCompletion {
  if (!Array.isArray(answer['choices']) || answer['choices'].length === 0) {
    throw new ProviderFault({ kind: 'bad_response', message: 'the upstream’s answer has no choices' })
  }
  const choices = readChoices(answer['choices']).map((choice, position) =>
    mendedChoice(choice, position, call),
  )
  const { id, created, model } = answer
  return {
    ...answer,
    id: typeof id === 'string' && id !== '' ? id : `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: typeof created === 'number' && created >= 1 ? Math.floor(created) : call.created,
    model: typeof model === 'string' && model !== '' ? model : call.model,
    choices,
  } as unknown as ChatCompletion
}

function mendedChoice(choice: JsonObject, position: number, call: Call): JsonObject {
  const { message: given, delta: _delta, ...rest } = choice
  const message = isObject(given) ? given : {}
  const index = Number.isInteger(rest['index']) ? Number(rest['index']) : position
  const calls = toolCalls(message['tool_calls'], `${call.id}_${index}`)
  if (calls === undefined) delete message['tool_calls']
  else message['tool_calls'] = calls
  const { content } = message
  const silent = content === undefined || content === null || (content === '' && calls !== undefined)
  addReasoning(message)
  const finish = rest['finish_reason'] ?? 'stop'
  return {
    ...rest,
    index,
    message: { ...message, role: 'assistant', content: silent ? null : content },
    finish_reason: finish === 'stop' && calls !== undefined ? 'tool_calls' : finish,
  }
}

/** The vendor's own member stays for clients that read it. */
function addReasoning(message: JsonObject): void {
  if (typeof message['reasoning_content'] === 'string') return
  const found = reasoningNames
    .map((name) => message[name])
    .find((text) => typeof text === 'string' && text !== '')
  if (found !== undefined) message['reasoning_content'] = found
}

function toolCalls(given: unknown, root: string): ToolCall[] | undefined {
  const calls = Array.isArray(given) ? given.filter(isObject) : []
  if (calls.length === 0) return undefined
  return calls.map((call, position) => {
    const { index: _index, ...rest } = call
    const called = isObject(call['function']) ? call['function'] : {}
    const { id, type } = call
    const named = {
      ...rest,
      id: typeof id === 'string' && id !== '' ? id : `call_${root}_${position}`,
      type: typeof type === 'string' && type !== '' ? type : 'function',
    }
    if (named.type !== 'function') return named as unknown as ToolCall
    return {
      ...named,
      function: {
        ...called,
        name: String(called['name'] ?? ''),
        arguments: argumentText(called['arguments']),
      },
    }
  })
}

/** Arguments as text. Nothing, and the word `null` alone, are vendors' ways to say that there are none. */
function argumentText(value: unknown): string {
  if (value === undefined || value === null) return '{}'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.trim() === '' || text.trim() === 'null' ? '{}' : text
}
