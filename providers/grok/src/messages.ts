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

/** What the vendor has in messages. */
const known: ReadonlySet<string> = new Set(['role', 'content', 'name', 'tool_calls', 'tool_call_id'])

/** Members of answers, sent back by clients that keep whole messages. They ask for nothing. */
const ofAnswers: ReadonlySet<string> = new Set([
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'annotations',
  'citations',
  'refusal',
  'parsed',
])

/** Messages as the vendor takes them; `undefined`: they are so already. Throws refusals with the path. */
export function grokMessages(call: Call<ChatRequest>): ChatRequest['messages'] | undefined {
  const given: unknown = call.body.messages
  if (!Array.isArray(given)) throw refuse('messages', `must be an array, found ${kindOf(given)}`)
  const modern = functionsAsTools(call.body.messages)
  const written = rewriteMessages(modern, (message, index) => {
    const path = `messages[${index}]`
    const foreign = Object.keys(message).filter((name) => !known.has(name))
    for (const name of foreign)
      if (!ofAnswers.has(name) && message[name] !== null) call.dropped(`${path}.${name}`)
    return withContent(withPlainCalls(without(spoken(developerAsSystem(message)), ...foreign)), path)
  })
  return written ?? (modern === call.body.messages ? undefined : modern)
}

/** An assistant always says something: a refusal is what it said, and where it only called it said nothing. */
function spoken(message: AnyMessage): AnyMessage {
  if (message.role !== 'assistant') return message
  const { content, refusal, tool_calls: calls } = message
  const silent = content === undefined || content === null || content === ''
  if (silent && typeof refusal === 'string' && refusal !== '') return { ...message, content: refusal }
  const calling = Array.isArray(calls) && calls.length > 0
  return silent && !calling && content !== '' ? { ...message, content: '' } : message
}

/** Calls without what clients add to them, such as their arguments as an object. */
function withPlainCalls(message: AnyMessage): AnyMessage {
  const { tool_calls: calls } = message
  if (!Array.isArray(calls)) return message
  const plain = calls.map((call: unknown) => {
    if (!isObject(call) || !isObject(call['function'])) return call
    const { name, arguments: text, ...more } = call['function']
    return Object.keys(more).length === 0 ? call : { ...call, function: { name, arguments: text } }
  })
  return plain.every((call, index) => call === calls[index]) ? message : { ...message, tool_calls: plain }
}

function withContent(message: AnyMessage, path: string): AnyMessage {
  const { content } = message
  if (!Array.isArray(content)) return message
  const parts = content.map((part: unknown, index) => partOf(part, `${path}.content[${index}]`))
  return parts.every((part, index) => part === content[index]) ? message : { ...message, content: parts }
}

function partOf(part: unknown, path: string): unknown {
  if (!isObject(part)) throw refuse(path, `must be an object, found ${kindOf(part)}`)
  const { type } = part
  switch (type) {
    case 'image_url':
      return typeof part['image_url'] === 'string' ? { ...part, image_url: { url: part['image_url'] } } : part
    case 'refusal':
      return { type: 'text', text: part['refusal'] }
    case 'file': {
      const file = part['file']
      if (isObject(file) && typeof file['file_id'] === 'string') return part
      throw refuse(`${path}.file`, 'files are taken by file_id only: upload it to the vendor first')
    }
    case 'input_audio':
      throw refuse(`${path}.type`, 'audio is not supported by this provider')
    default:
      return part
  }
}
