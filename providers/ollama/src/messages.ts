import {
  type AnyMessage,
  type Call,
  type ChatRequest,
  developerAsSystem,
  functionsAsTools,
  isObject,
  type JsonObject,
  rewriteMessages,
  without,
} from '@llmproxy/provider-kit'
import { contentParts, type Part, type Reporter } from './content.ts'

/** The messages as `/v1/chat/completions` takes them; `undefined` when the client's own can stay. */
export function writtenMessages(call: Call<ChatRequest>): ChatRequest['messages'] | undefined {
  const current = functionsAsTools(call.body.messages)
  const written = rewriteMessages(current, (message, index) =>
    withPlainParts(withRefusal(developerAsSystem(message)), `messages[${index}].content`, call),
  )
  return written ?? (current === call.body.messages ? undefined : current)
}

/** A refusal of an earlier answer is what was said then; the server reads `content` only. */
function withRefusal(message: AnyMessage): AnyMessage {
  const { content, refusal } = message
  const silent = content === undefined || content === null || content === ''
  return silent && typeof refusal === 'string' && refusal !== ''
    ? { ...without(message, 'refusal'), content: refusal }
    : message
}

/** Texts and images in the form that the server knows; the same message when they have it. */
function withPlainParts(message: AnyMessage, path: string, report: Reporter): AnyMessage {
  const { content } = message
  if (!Array.isArray(content)) return message
  const parts = contentParts(content, path, report)
  const given: readonly unknown[] = content
  const fine = parts.every((part, index) => isWritten(given[index], part))
  return fine ? message : { ...message, content: parts.map(written) }
}

function isWritten(given: unknown, part: Part): boolean {
  if (!isObject(given)) return false
  const { image_url: image, type } = given
  return 'text' in part ? type === 'text' : isObject(image) && image['url'] === urlOf(part)
}

function written(part: Part): JsonObject {
  return 'text' in part
    ? { type: 'text', text: part.text }
    : { type: 'image_url', image_url: { url: urlOf(part) } }
}

function urlOf(part: Exclude<Part, { text: string }>): string {
  return `data:${part.mediaType};base64,${part.base64}`
}
