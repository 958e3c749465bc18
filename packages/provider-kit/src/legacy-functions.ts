import type { AnyMessage } from './chat-messages.ts'
import type { Call } from './contract.ts'
import { isObject } from './frame-rules-shape.ts'
import type { MendedAnswers } from './mended-answers.ts'
import type { ParameterRules } from './parameter-rules.ts'
import { kindOf, refuse, stringAt } from './refusals.ts'
import type { ChatChunk, ChatCompletion, ChatRequest, ChunkDelta, FinishReason } from './wire.ts'

/** Whether the client speaks the form before tools: it asks with `functions` alone, and reads `function_call`. */
export function asksWithFunctions(body: Readonly<ChatRequest>): boolean {
  const { functions } = body
  const tools: unknown = body.tools
  return Array.isArray(functions) && functions.length > 0 && !(Array.isArray(tools) && tools.length > 0)
}

/**
 * Rules of a vendor that knows tools only, in OpenAI's words: `functions` become `tools`, and `function_call` becomes
 * `tool_choice`. Beside `tools` both are dropped, and reported. The first throws a refusal for a function that is no object.
 */
export const functionRules = {
  functions: (value: unknown, { body }: Call<ChatRequest>) => {
    if (!asksWithFunctions(body) || !Array.isArray(value)) return undefined
    const tools = value.map((called: unknown, index) => {
      if (!isObject(called)) throw refuse(`functions[${index}]`, `must be an object, found ${kindOf(called)}`)
      return { type: 'function', function: called }
    })
    return { tools }
  },
  function_call: (value: unknown, { body }: Call<ChatRequest>) => {
    if (!asksWithFunctions(body)) return undefined
    return { tool_choice: isObject(value) ? { type: 'function', function: value } : value }
  },
} as const satisfies Partial<ParameterRules>

/**
 * A `function_call` of an assistant as a tool call, and a message of the role `function` as its result, for vendors that know tools
 * only. The same array when there is neither. Throws a refusal for a message that is no object, for a result without its call,
 * and for messages that are no array.
 */
export function functionsAsTools(messages: ChatRequest['messages']): ChatRequest['messages'] {
  if (!Array.isArray(messages)) throw refuse('messages', `must be an array, found ${kindOf(messages)}`)
  const open = new Map<string, string>()
  let changed = false
  const written = (messages as readonly unknown[]).map((message, index) => {
    const path = `messages[${index}]`
    if (!isObject(message)) throw refuse(path, `must be an object, found ${kindOf(message)}`)
    const better = inToolForm(message as AnyMessage, index, open)
    changed ||= better !== message
    return better
  })
  return changed ? (written as unknown as ChatRequest['messages']) : messages
}

function inToolForm(message: AnyMessage, index: number, open: Map<string, string>): AnyMessage {
  if (message.role === 'function') {
    const name = stringAt(message, 'name', `messages[${index}]`)
    const id = open.get(name)
    if (id === undefined)
      throw refuse(`messages[${index}].name`, `no function_call of ${JSON.stringify(name)} stands before it`)
    return { role: 'tool', tool_call_id: id, content: message['content'] ?? '' }
  }
  const { function_call: called, ...rest } = message
  if (message.role !== 'assistant' || !isObject(called)) return message
  const name = stringAt(called, 'name', `messages[${index}].function_call`)
  const id = `call_${index}`
  open.set(name, id)
  const calls: readonly unknown[] = Array.isArray(rest['tool_calls']) ? rest['tool_calls'] : []
  return { ...rest, tool_calls: [...calls, { id, type: 'function', function: called }] }
}

/** The same answers with `function_call` for clients that asked with `functions`; the old form has room for one call. */
export function withFunctionCalls(answers: MendedAnswers): MendedAnswers {
  return {
    response: (body, call) => {
      const answer = answers.response(body, call)
      return asksWithFunctions(call.body) ? oldAnswer(answer) : answer
    },
    stream: (call) => {
      const decoder = answers.stream(call)
      if (!asksWithFunctions(call.body)) return decoder
      return {
        event: (event) => decoder.event(event).flatMap(oldChunk),
        end: () => (decoder.end?.() ?? []).flatMap(oldChunk),
      }
    },
  }
}

function oldAnswer(answer: ChatCompletion): ChatCompletion {
  const choices = answer.choices.map((choice) => {
    const { tool_calls: calls, ...message } = choice.message
    const [first] = calls ?? []
    if (first === undefined) return choice
    const finish = choice.finish_reason === null ? null : oldFinish(choice.finish_reason)
    return { ...choice, message: { ...message, function_call: first.function }, finish_reason: finish }
  })
  return { ...answer, choices }
}

function oldChunk(chunk: ChatChunk): ChatChunk[] {
  const choices = chunk.choices.flatMap((choice) => {
    const { tool_calls: calls, ...rest } = choice.delta
    const first = calls?.find(({ index }) => index === 0)
    const delta: ChunkDelta = first === undefined ? rest : { ...rest, function_call: first.function }
    const silent = calls !== undefined && choice.finish_reason === null && Object.keys(delta).length === 0
    const finish = choice.finish_reason === null ? null : oldFinish(choice.finish_reason)
    return silent ? [] : [{ ...choice, delta, finish_reason: finish }]
  })
  return choices.length === 0 && chunk.choices.length > 0 ? [] : [{ ...chunk, choices }]
}

function oldFinish(reason: FinishReason): FinishReason {
  return reason === 'tool_calls' ? 'function_call' : reason
}
