import {
  type AnyMessage,
  type Call,
  type ChatRequest,
  developerAsSystem,
  functionsAsTools,
  isObject,
  kindOf,
  refuse,
  rewriteMessages,
  without,
} from '@llmproxy/provider-kit'
import { textOfParts } from './content.ts'
import { modelTraits } from './models.ts'
import type { Options } from './options.ts'

type Messages = ChatRequest['messages']

/** Members of an answer that clients send back with it. They ask for nothing, and are no members of a request here. */
const answerMembers = [
  'refusal',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'annotations',
  'citations',
  'audio',
  'parsed',
] as const

/** The messages as the vendor takes them; `undefined` when the client's own can stay. */
export function writtenMessages(call: Call<ChatRequest>, options: Options): Messages | undefined {
  const { messages } = call.body
  if (!Array.isArray(messages)) throw refuse('messages', `must be an array, found ${kindOf(messages)}`)
  const current = functionsAsTools(messages)
  const replay = replayOf(call, current, options)
  const rewritten = rewriteMessages(current, (message, index) => {
    const path = `messages[${index}]`
    if ((message['audio'] ?? null) !== null) call.dropped(`${path}.audio`)
    const plain = withPlainContent(developerAsSystem(message), path, call)
    return plain.role === 'assistant' ? withReasoning(asAssistant(plain, message), replay) : plain
  })
  const written = rewritten ?? current
  const hint = jsonHint(call.body, written)
  if (hint !== undefined) return [{ role: 'system', content: hint }, ...written]
  return written === messages ? undefined : written
}

/** Texts only: whether the vendor takes parts is not documented, and a text is taken by everyone. */
function withPlainContent(message: AnyMessage, path: string, call: Call<ChatRequest>): AnyMessage {
  const { content } = message
  if (!Array.isArray(content)) return message
  return { ...message, content: textOfParts(content, `${path}.content`, call) }
}

function asAssistant(message: AnyMessage, given: AnyMessage): AnyMessage {
  const { content, tool_calls: calls } = message
  const rest = withoutNulls(withPlainCalls(without(message, ...answerMembers)))
  if (typeof content === 'string' && content !== '') return rest
  if (typeof given['refusal'] === 'string') return { ...rest, content: given['refusal'] }
  const silent = content === undefined || content === null
  return silent && !(Array.isArray(calls) && calls.length > 0) ? { ...rest, content: '' } : rest
}

/** Without what the official clients add to the calls of an answer that they give back. */
function withPlainCalls(message: AnyMessage): AnyMessage {
  const { tool_calls: calls } = message
  if (!Array.isArray(calls)) return message
  if (calls.length === 0) return without(message, 'tool_calls')
  const written = calls.map(plainCall)
  return written.some((call, index) => call !== calls[index]) ? { ...message, tool_calls: written } : message
}

function plainCall(call: unknown): unknown {
  if (!isObject(call)) return call
  const { index, function: called, ...rest } = call
  if (!isObject(called) || (index === undefined && !('parsed_arguments' in called))) return call
  const { parsed_arguments: _, ...plain } = called
  return { ...rest, function: plain }
}

/** A member that is `null` says nothing, but for the content. */
function withoutNulls(message: AnyMessage): AnyMessage {
  const names = Object.keys(message).filter((name) => name !== 'content' && message[name] === null)
  return without(message, ...names)
}

/** What becomes of earlier reasoning: `complete` says that messages without any must say so. */
type Replay = 'strip' | 'keep' | 'complete'

function replayOf({ model, body }: Call<ChatRequest>, messages: Messages, options: Options): Replay {
  const { reasoning_replay: wanted } = options
  if (wanted === 'strip' || (wanted === 'auto' && !modelTraits(model).thinking)) return 'strip'
  const usesTools = [body.tools, body['functions'], ...messages.map(callsOf)].some(
    (list) => Array.isArray(list) && list.length > 0,
  )
  return usesTools ? 'complete' : 'keep'
}

function callsOf(message: unknown): unknown {
  return isObject(message) ? message['tool_calls'] : undefined
}

function withReasoning(message: AnyMessage, replay: Replay): AnyMessage {
  if (typeof message['reasoning_content'] !== 'string') {
    const rest = without(message, 'reasoning_content')
    return replay === 'complete' ? { ...rest, reasoning_content: '' } : rest
  }
  return replay === 'strip' ? without(message, 'reasoning_content') : message
}

const justJson = 'Answer with one json object and nothing else.'

/** JSON is refused unless the messages speak of it; a schema has no other place at all. */
function jsonHint(body: Readonly<ChatRequest>, messages: Messages): string | undefined {
  const format: unknown = body.response_format
  if (!isObject(format)) return undefined
  if (format['type'] === 'json_schema') {
    const wanted = isObject(format['json_schema']) ? format['json_schema']['schema'] : undefined
    return isObject(wanted)
      ? `${justJson} It must match this JSON Schema: ${JSON.stringify(wanted)}`
      : justJson
  }
  if (format['type'] !== 'json_object' || messages.some(speaksOfJson)) return undefined
  return justJson
}

function speaksOfJson(message: unknown): boolean {
  return isObject(message) && typeof message['content'] === 'string' && /json/i.test(message['content'])
}
