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
  'data',
  'cache_control',
])

/** Types of parts, and members, that carry a file or say where it is. */
const attached = /^(?:input_)?(?:image|audio|video|file|document|inline_?data)(?:s|_url)?$/i

/** Tokens of each message. Never throws, whatever the messages are. */
export function messageSizes(messages: readonly unknown[], sizer: Sizer): readonly number[] {
  return messages.map((message) => (isObject(message) ? messageSize(message, sizer) : messageOverhead))
}

const sizeless: Sizer = { tokens: () => 0, exact: false }

/** Whether there are images, recordings or files among the messages, whose sizes are no more than a guess. */
export function haveAttachments(messages: readonly unknown[]): boolean {
  return messages.some((message) => textSize(message, sizeless) > 0)
}

function messageSize(message: JsonObject, sizer: Sizer): number {
  const { tool_calls: calls } = message
  const frames = Array.isArray(calls) ? callOverhead * calls.length : 0
  return messageOverhead + frames + textSize(message, sizer)
}

/** All texts in a value, and a constant for each file in it. */
function textSize(value: unknown, sizer: Sizer): number {
  if (typeof value === 'string') return value === '' ? 0 : sizer.tokens(value)
  if (typeof value !== 'object' || value === null) return 0
  let size = 0
  // Every request that may be too long comes through here, some of them with hundreds of thousands of parts.
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) size += textSize(item, sizer)
    return size
  }
  if (isAttachment(value)) return attachmentTokens
  for (const name of Object.keys(value)) {
    if (unseen.has(name)) continue
    const inner = (value as JsonObject)[name]
    const isFile = typeof inner === 'object' && inner !== null && attached.test(name)
    size += isFile ? attachmentTokens * (Array.isArray(inner) ? inner.length : 1) : textSize(inner, sizer)
  }
  return size
}

/** What a `type` says of a part of content. */
function isAttachment({ type }: { readonly type?: unknown }): boolean {
  return typeof type === 'string' && attached.test(type)
}
