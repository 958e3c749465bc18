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

/** Members of answers, sent back by clients that keep whole messages. They ask for nothing. */
const ofAnswers = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'annotations',
  'citations',
  'refusal',
] as const

/** Messages as the vendor takes them; `undefined`: they are so already. Throws refusals with the path. */
export function grokMessages(call: Call<ChatRequest>): ChatRequest['messages'] | undefined {
  const given: unknown = call.body.messages
  if (!Array.isArray(given)) throw refuse('messages', `must be an array, found ${kindOf(given)}`)
  const modern = functionsAsTools(call.body.messages)
  const written = rewriteMessages(modern, (message, index) => {
    const path = `messages[${index}]`
    if (message['audio'] !== undefined && message['audio'] !== null) call.dropped(`${path}.audio`)
    const plain = without(spoken(developerAsSystem(message)), ...ofAnswers, 'audio')
    return withContent(plain, path)
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
