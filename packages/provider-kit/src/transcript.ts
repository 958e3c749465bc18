import { isObject } from './frame-rules-shape.ts'
import { kindOf, notOffered, refuse } from './refusals.ts'
import type { ChatRequest } from './wire.ts'

/** How a conversation is written as one prompt. */
export interface TranscriptFormat {
  /** In front of each text, by role: `User: `. `''` writes the text alone. */
  readonly labels: Readonly<Record<'system' | 'user' | 'assistant', string>>
  /** Between two texts. */
  readonly separator: string
  /** What the model continues: `Assistant: `. */
  readonly ending: string
  /** System texts stand in front of everything, wherever the client has them. Default: where they are. */
  readonly systemFirst?: true
}

/** A conversation as one prompt, for wire formats that know no messages. Tools and everything but text are not offered there. */
export function transcript(messages: ChatRequest['messages'], format: TranscriptFormat): string {
  if (!Array.isArray(messages)) throw refuse('messages', `must be an array, found ${kindOf(messages)}`)
  const system: string[] = []
  const turns: string[] = []
  for (const [index, message] of (messages as readonly unknown[]).entries()) {
    const { role, text } = turnOf(message, `messages[${index}]`)
    const written = format.labels[role] + text
    // Instructions without a text and without a label would be an empty line.
    if (written !== '') (role === 'system' && format.systemFirst ? system : turns).push(written)
  }
  return [...system, ...turns, format.ending].join(format.separator)
}

function turnOf(message: unknown, path: string): { role: keyof TranscriptFormat['labels']; text: string } {
  if (!isObject(message)) throw refuse(path, `must be an object, found ${kindOf(message)}`)
  const role = message['role'] === 'developer' ? 'system' : message['role']
  if (role !== 'system' && role !== 'user' && role !== 'assistant')
    throw notOffered(`${path}.role`, `this wire format has no ${JSON.stringify(role)} messages`)
  const { tool_calls: calls, function_call: called } = message
  if (Array.isArray(calls) && calls.length > 0)
    throw notOffered(`${path}.tool_calls`, 'this wire format has no tools')
  if (isObject(called)) throw notOffered(`${path}.function_call`, 'this wire format has no tools')
  return { role, text: plainText(message['content'], `${path}.content`) }
}

/** The text of a message, its parts on lines of their own. Anything but text throws: not offered. */
export function plainText(content: unknown, path: string): string {
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content))
    throw refuse(path, `must be a string or an array of parts, found ${kindOf(content)}`)
  return content
    .map((part: unknown, index) => {
      if (isObject(part) && typeof part['text'] === 'string') return part['text']
      if (isObject(part) && typeof part['refusal'] === 'string') return part['refusal']
      const type = isObject(part) ? JSON.stringify(part['type']) : kindOf(part)
      throw notOffered(`${path}[${index}]`, `this wire format takes text only, found ${type}`)
    })
    .join('\n')
}
