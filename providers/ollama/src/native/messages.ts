import {
  type Call,
  type ChatRequest,
  functionsAsTools,
  isObject,
  type JsonObject,
  kindOf,
  parsedArguments,
  refuse,
  stringAt,
} from '@llmproxy/provider-kit'
import { contentParts } from '../content.ts'

/** A call of the history: the server knows functions by name, and results by their order. */
interface KnownCall {
  readonly name: string
  readonly position: number
}

interface Draft {
  readonly call: Call<ChatRequest>
  readonly messages: JsonObject[]
  /** By the client's id; the latest call with an id counts. */
  readonly calls: Map<string, KnownCall>
  callCount: number
  /** Of the results so far. */
  readonly positions: Map<JsonObject, number>
}

/**
 * OpenAI messages in the server's own form: one text, images beside it, arguments as objects, the results of parallel calls in
 * the order of the calls. Throws a refusal for what cannot be said there.
 */
export function nativeMessages(call: Call<ChatRequest>): readonly JsonObject[] {
  const draft: Draft = { call, messages: [], calls: new Map(), callCount: 0, positions: new Map() }
  const current: readonly unknown[] = functionsAsTools(call.body.messages)
  current.forEach((message, index) => addMessage(draft, message, `messages[${index}]`))
  return withResultsInOrder(draft)
}

function addMessage(draft: Draft, message: unknown, path: string): void {
  if (!isObject(message)) throw refuse(path, `must be an object with a role, found ${kindOf(message)}`)
  reportMembers(draft, message, path)
  switch (message['role']) {
    case 'system':
    case 'developer':
      return add(draft, 'system', message, path)
    case 'user':
      return add(draft, 'user', message, path)
    case 'assistant':
      return add(draft, 'assistant', message, path, toolCalls(draft, message, path))
    case 'tool':
      return addResult(draft, message, path)
    default:
      throw refuse(`${path}.role`, `unknown role ${JSON.stringify(message['role'])}`)
  }
}

/** Translated, or members of our own answers that clients send back: those describe an answer and ask for nothing. */
const understood: ReadonlySet<string> = new Set([
  'role',
  'content',
  'refusal',
  'tool_calls',
  'tool_call_id',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'annotations',
  'citations',
])

/** Reports what a message says and the server cannot be told, such as `name`. */
function reportMembers(draft: Draft, message: JsonObject, path: string): void {
  for (const [name, value] of Object.entries(message))
    if (!understood.has(name) && value !== null && value !== undefined) draft.call.dropped(`${path}.${name}`)
}

function add(draft: Draft, role: string, message: JsonObject, path: string, members: JsonObject = {}): void {
  draft.messages.push({ role, ...spoken(draft, message, path), ...members })
}

function spoken(draft: Draft, message: JsonObject, path: string): JsonObject {
  const parts = contentParts(message['content'], `${path}.content`, draft.call)
  const refusal = typeof message['refusal'] === 'string' ? [message['refusal']] : []
  const texts = parts.flatMap((part) => ('text' in part ? [part.text] : []))
  const images = parts.flatMap((part) => ('base64' in part ? [part.base64] : []))
  return { content: [...texts, ...refusal].join('\n'), ...(images.length > 0 && { images }) }
}

function toolCalls(draft: Draft, message: JsonObject, path: string): JsonObject {
  const calls = message['tool_calls'] ?? []
  if (!Array.isArray(calls)) throw refuse(`${path}.tool_calls`, `must be an array, found ${kindOf(calls)}`)
  const written = calls.map((each: unknown, index) => toolCall(draft, each, `${path}.tool_calls[${index}]`))
  return written.length === 0 ? {} : { tool_calls: written }
}

function toolCall(draft: Draft, call: unknown, path: string): JsonObject {
  if (!isObject(call)) throw refuse(path, `must be an object, found ${kindOf(call)}`)
  const called = call['function']
  if (!isObject(called)) throw refuse(`${path}.function`, `must be an object, found ${kindOf(called)}`)
  const name = stringAt(called, 'name', `${path}.function`)
  draft.callCount += 1
  if (typeof call['id'] === 'string') draft.calls.set(call['id'], { name, position: draft.callCount })
  return { function: { name, arguments: parsedArguments(called['arguments'], `${path}.function.arguments`) } }
}

function addResult(draft: Draft, message: JsonObject, path: string): void {
  const id = stringAt(message, 'tool_call_id', path)
  const call = draft.calls.get(id)
  if (call === undefined)
    throw refuse(`${path}.tool_call_id`, `there is no call ${JSON.stringify(id)} in the messages before it`)
  const result = { role: 'tool', ...spoken(draft, message, path), tool_name: call.name }
  draft.positions.set(result, call.position)
  draft.messages.push(result)
}

/** Neighbouring results in the order of their calls. Each sorted in where it comes would take the square of their number. */
function withResultsInOrder({ messages, positions }: Draft): readonly JsonObject[] {
  const ordered: JsonObject[] = []
  let run: JsonObject[] = []
  const endRun = (): void => {
    for (const result of run.toSorted((left, right) => positions.get(left)! - positions.get(right)!))
      ordered.push(result)
    run = []
  }
  for (const message of messages) {
    if (positions.has(message)) run.push(message)
    else {
      endRun()
      ordered.push(message)
    }
  }
  endRun()
  return ordered
}
