import {
  type AnyMessage,
  type Call,
  type ChatRequest,
  developerAsSystem,
  functionsAsTools,
  isObject,
  type JsonObject,
  kindOf,
  parsedArguments,
  refuse,
  rewriteMessages,
  stringAt,
} from '@llmproxy/provider-kit'
import { callId } from './call-ids.ts'
import { isSilent, writtenContent } from './content.ts'
import type { Options } from './options.ts'

/** What a message of each role may have: any other member is answered 422. */
const members: Readonly<Record<string, readonly string[]>> = {
  system: ['role', 'content'],
  user: ['role', 'content'],
  assistant: ['role', 'content', 'tool_calls', 'prefix'],
  tool: ['role', 'content', 'tool_call_id', 'name'],
}

/** Members of an answer that a client keeps and sends back: they describe it, and ask for nothing. */
const described: ReadonlySet<string> = new Set([
  'refusal',
  'annotations',
  'audio',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'content_parts',
])

/**
 * The conversation as the vendor takes it; the client's own array when nothing has to change. Throws a refusal, with its path, for
 * what the vendor would refuse.
 */
export function writtenMessages(call: Call<ChatRequest>, options: Options): ChatRequest['messages'] {
  const messages = functionsAsTools(call.body.messages)
  const last = messages.length - 1
  const written = rewriteMessages(messages, (message, index) => {
    const clean = writtenMessage(message, `messages[${index}]`, call)
    if (index === last) return isPlainAssistant(clean) ? withPrefix(clean) : clean
    // A message without a word and without a call is refused, and says nothing.
    if (isPlainAssistant(clean) && isSilent(clean['content'])) return []
    const bridge = options.assistant_after_tool
    if (bridge === undefined || clean.role !== 'tool' || messages[index + 1]?.role !== 'user') return clean
    return [clean, { role: 'assistant', content: bridge }]
  })
  return written ?? messages
}

function isPlainAssistant(message: AnyMessage): boolean {
  return message.role === 'assistant' && message['tool_calls'] === undefined
}

/** The model continues a last assistant message only when told so. */
function withPrefix(message: AnyMessage): AnyMessage {
  return typeof message['prefix'] === 'boolean' ? message : { ...message, prefix: true }
}

function writtenMessage(given: AnyMessage, path: string, call: Call<ChatRequest>): AnyMessage {
  const message = developerAsSystem(given)
  const known = Object.hasOwn(members, message.role) ? members[message.role] : undefined
  if (known === undefined) throw refuse(`${path}.role`, `unknown role ${JSON.stringify(message.role)}`)
  const better = defined({ ...fromKnown(message, known, path, call), ...changes(message, path, call) })
  const names = Object.keys(better)
  const same =
    names.length === Object.keys(message).length && names.every((name) => message[name] === better[name])
  return same ? message : (better as unknown as AnyMessage)
}

function defined(members: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

function fromKnown(
  message: AnyMessage,
  known: readonly string[],
  path: string,
  call: Call<ChatRequest>,
): JsonObject {
  const kept: JsonObject = {}
  for (const [name, value] of Object.entries(message)) {
    if (value === undefined || value === null) continue
    if (known.includes(name)) kept[name] = value
    else if (message.role !== 'assistant' || !described.has(name)) call.dropped(`${path}.${name}`)
  }
  return kept
}

/** Members that have to be written anew. */
function changes(message: AnyMessage, path: string, call: Call<ChatRequest>): JsonObject {
  const content = writtenContent(message['content'], `${path}.content`, call)
  if (message.role === 'tool')
    return { content, tool_call_id: callId(stringAt(message, 'tool_call_id', path)) }
  if (message.role !== 'assistant') return { content }
  const said = isSilent(content) && typeof message['refusal'] === 'string' ? message['refusal'] : content
  const given = message['tool_calls']
  if (given === undefined || given === null) return { content: said }
  if (!Array.isArray(given)) throw refuse(`${path}.tool_calls`, `must be an array, found ${kindOf(given)}`)
  const calls = given.map((called: unknown, index) => writtenCall(called, `${path}.tool_calls[${index}]`))
  if (calls.length === 0) return { content: said, tool_calls: undefined }
  // Nothing has to be said beside a call.
  return { content: said === '' && message['content'] !== '' ? undefined : said, tool_calls: calls }
}

function writtenCall(called: unknown, path: string): object {
  if (!isObject(called)) throw refuse(path, `must be an object, found ${kindOf(called)}`)
  const named = called['function']
  if (!isObject(named)) throw refuse(`${path}.function`, `must be an object, found ${kindOf(named)}`)
  const { arguments: text } = named
  const said = typeof text === 'string' && text !== '' && text !== 'null'
  const plain = said ? text : JSON.stringify(parsedArguments(text, `${path}.function.arguments`))
  return {
    id: callId(stringAt(called, 'id', path)),
    type: 'function',
    function: { name: stringAt(named, 'name', `${path}.function`), arguments: plain },
  }
}
