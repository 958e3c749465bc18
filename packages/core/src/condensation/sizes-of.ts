import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import type { Sizer } from './sizer.ts'

/** Tokens that a message has beside its texts: its role, and what stands around it. */
export const messageOverhead = 4

/** Tokens of an image, a recording or a file. Vendors count from some hundred to some thousand, by what is in it. */
export const attachmentTokens = 1_000

/** Tokens of the name and the frame of a tool call, beside its arguments. */
const callOverhead = 4

/** Members that are not shown to a model as text. */
const unseen: ReadonlySet<string> = new Set([
  'role',
  'type',
  'signature',
  'thought_signature',
  'thoughtSignature',
  'encrypted_content',
  'cache_control',
])

/** Members of content that carry a file, or say where it is. */
const attached = /image|audio|video|file|document|source|inline_?data/i

/** Tokens of each message. Never throws, whatever the messages are. */
export function messageSizes(messages: readonly unknown[], sizer: Sizer): readonly number[] {
  return messages.map((message) => (isObject(message) ? messageSize(message, sizer) : messageOverhead))
}

/** Tokens of one message. */
export function messageSize(message: JsonObject, sizer: Sizer): number {
  let size = messageOverhead
  for (const [name, value] of Object.entries(message)) {
    if (unseen.has(name)) continue
    if (name === 'tool_calls' && Array.isArray(value)) size += callOverhead * value.length
    size += name === 'content' ? contentSize(value, sizer) : textSize(value, sizer)
  }
  return size
}

function contentSize(content: unknown, sizer: Sizer): number {
  if (!Array.isArray(content)) return textSize(content, sizer)
  let size = 0
  for (const part of content as readonly unknown[])
    size += isAttachment(part) ? attachmentTokens : textSize(part, sizer)
  return size
}

/** A part that is no text, and not made of texts: what is in it is not counted by its length. */
export function isAttachment(part: unknown): boolean {
  if (!isObject(part)) return false
  const { type } = part
  if (typeof type === 'string' && attached.test(type)) return true
  return Object.keys(part).some((name) => attached.test(name))
}

/** All strings in a value. */
function textSize(value: unknown, sizer: Sizer): number {
  if (typeof value === 'string') return value === '' ? 0 : sizer.tokens(value)
  if (typeof value !== 'object' || value === null) return 0
  let size = 0
  for (const [name, inner] of Object.entries(value)) if (!unseen.has(name)) size += textSize(inner, sizer)
  return size
}
