import {
  type AnyMessage,
  type Call,
  type ChatRequest,
  isObject,
  notOffered,
  refuse,
  kindOf,
  rewriteMessages,
  without,
} from '@llmproxy/provider-kit'

/** Members of an answer that clients send back with it. They ask for nothing, and are no members of a request here. */
const answerMembers = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking_blocks',
  'annotations',
  'citations',
] as const

/** The messages as the vendor takes them; `undefined` when the client's own can stay. */
export function writtenMessages(call: Call<ChatRequest>): ChatRequest['messages'] | undefined {
  return rewriteMessages(call.body.messages, (message, index) => {
    const path = `messages[${index}]`
    refuseParts(message, path)
    return withoutName(without(message, ...answerMembers, ...emptyMembers(message)), path, call)
  })
}

/** Members that the official clients send back with an answer, `refusal: null` for example. */
function emptyMembers(message: AnyMessage): string[] {
  return Object.keys(message).filter((name) => name !== 'content' && message[name] === null)
}

/** A message with a `name` is answered 400. Of a function's result it is what tells whose result it is. */
function withoutName(message: AnyMessage, path: string, call: Call<ChatRequest>): AnyMessage {
  if (message.role === 'function' || !Object.hasOwn(message, 'name')) return message
  const { name } = message
  if (name !== undefined && name !== null && name !== '') call.dropped(`${path}.name`)
  return without(message, 'name')
}

function refuseParts({ content }: AnyMessage, path: string): void {
  if (!Array.isArray(content)) return
  content.forEach((part: unknown, index) => {
    const place = `${path}.content[${index}]`
    if (!isObject(part)) throw refuse(place, `must be an object with a type, found ${kindOf(part)}`)
    if (part['type'] === 'file' || part['type'] === 'input_audio') {
      throw notOffered(`${place}.type`, `${part['type']} parts are not taken by this provider`)
    }
  })
}
