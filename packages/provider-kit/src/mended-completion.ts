import type { Call } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { isObject, type JsonObject } from './frame-rules-shape.ts'
import { readChoices } from './openai-stream.ts'
import type { ChatCompletion, ToolCall } from './wire.ts'

const reasoningNames = ['reasoning', 'reasoning_text', 'thinking'] as const

/** A whole chat answer with everything that an OpenAI client trusts in. Edits `answer`, and keeps what it does not know. */
export function mendedCompletion(answer: JsonObject, call: Call): ChatCompletion {
  const choices = readChoices(answer['choices']).map((choice, position) =>
    mendedChoice(choice, position, call),
  )
  if (choices.length === 0) throw bad('the upstream’s answer has no choices')
  const { id, created, model } = answer
  return {
    ...answer,
    id: typeof id === 'string' && id !== '' ? id : `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: typeof created === 'number' && created >= 1 ? Math.floor(created) : call.created,
    model: typeof model === 'string' && model !== '' ? model : call.model,
    choices,
    ...(answer['usage'] !== undefined && {
      usage: isObject(answer['usage']) ? mendedUsage(answer['usage']) : null,
    }),
  } as unknown as ChatCompletion
}

/** Usage with its total. Counts that are not there are not known: `null`, never 0. */
export function mendedUsage(usage: JsonObject): JsonObject | null {
  const { prompt_tokens: input, completion_tokens: output, total_tokens: total } = usage
  if (typeof input !== 'number' || typeof output !== 'number') return null
  return typeof total === 'number' ? usage : { ...usage, total_tokens: input + output }
}

function mendedChoice(choice: JsonObject, position: number, call: Call): JsonObject {
  const { message: given, delta, ...rest } = choice
  const message = [given, delta].find(isObject) ?? textMessage(rest['text'])
  const index = Number.isInteger(rest['index']) ? Number(rest['index']) : position
  const calls = toolCalls(message['tool_calls'], `${call.id}_${index}`)
  if (calls === undefined) delete message['tool_calls']
  else message['tool_calls'] = calls
  addReasoning(message)
  const finish = rest['finish_reason'] ?? 'stop'
  return {
    ...rest,
    index,
    message: { ...message, role: 'assistant', content: mendedContent(message) },
    finish_reason: finish === 'stop' && calls !== undefined ? 'tool_calls' : finish,
  }
}

/** Some servers answer chat in the words of text completions. */
function textMessage(text: unknown): JsonObject {
  if (typeof text === 'string') return { content: text }
  throw bad('the upstream’s answer has a choice without a message')
}

/** What may stand in a message instead of content. */
const insteadOfContent = ['tool_calls', 'function_call', 'refusal', 'audio'] as const

/** Nothing said is `null` beside something else that was said, and an empty text alone. */
function mendedContent(message: JsonObject): unknown {
  const { content } = message
  if (content !== undefined && content !== null && content !== '') return content
  const other = insteadOfContent.some((name) => message[name] !== undefined && message[name] !== null)
  return other ? null : ''
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
        name: typeof called['name'] === 'string' ? called['name'] : '',
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

function bad(message: string): ProviderFault {
  return new ProviderFault({ kind: 'bad_response', message })
}
