import {
  type AnyMessage,
  type Call,
  type ChatRequest,
  developerAsSystem,
  functionsAsTools,
  type JsonObject,
  refuse,
  rewriteMessages,
  stringAt,
} from '@llmproxy/provider-kit'
import { callId } from './call-ids.ts'
import { isSilent, writtenContent } from './content.ts'
import type { Options } from './options.ts'
import { writtenCalls } from './tool-calls.ts'

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
    return isPlainAssistant(clean) && isSilent(clean['content']) ? [] : clean
  })
  return bridged(written ?? messages, options.assistant_after_tool)
}

/** Some models refuse a user message right behind a tool result. */
function bridged(messages: ChatRequest['messages'], text: string | undefined): ChatRequest['messages'] {
  if (text === undefined) return messages
  const written = rewriteMessages(messages, (message, index) =>
    message.role === 'tool' && messages[index + 1]?.role === 'user'
      ? [message, { role: 'assistant', content: text }]
      : message,
  )
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
  const calls = writtenCalls(message['tool_calls'], `${path}.tool_calls`)
  // Nothing has to be said beside a call.
  const silent = calls !== undefined && said === '' && message['content'] !== ''
  return { content: silent ? undefined : said, tool_calls: calls }
}
