import {
  isObject,
  type JsonObject,
  mendedAnswers,
  type MendedAnswers,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { mistralFault } from './fault.ts'
import { cachedTokens } from './usage.ts'

/**
 * `response` and `stream` of chat. The vendor answers in OpenAI's format, but content may be a list with the model's thinking in it,
 * calls lack their type and, in streams, their index, and usage comes with the finish.
 */
export const answers: MendedAnswers = withFunctionCalls(
  mendedAnswers({ message: spreadContent, usage: cachedTokens, fault: mistralFault }),
)

/** Text stays content, thinking becomes `reasoning_content`; parts of other types are kept in `content_parts`. */
function spreadContent(message: JsonObject, choice: JsonObject): void {
  const { content } = message
  if (!Array.isArray(content)) return
  const parts = content.filter(isObject)
  const text = parts.flatMap((part) => (part['type'] === 'text' ? [textOf(part['text'])] : [])).join('')
  const thinking = parts
    .flatMap((part) => (part['type'] === 'thinking' ? [textOf(part['thinking'])] : []))
    .join('')
  const others = parts.filter(({ type }) => type !== 'text' && type !== 'thinking')
  // A delta that only thinks has no content; a whole answer always has one.
  if (text === '' && choice['message'] === undefined) delete message['content']
  else message['content'] = text
  if (thinking !== '') message['reasoning_content'] = thinking
  if (others.length > 0) message['content_parts'] = others
}

/** A text, or a list of text parts. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return ''
  return value.map((part: unknown) => (isObject(part) ? textOf(part['text']) : '')).join('')
}
