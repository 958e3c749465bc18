import { isObject } from './frame-rules-shape.ts'
import type { ChatRequest } from './wire.ts'

/** A message as it came from the client: checked to be an object with a known role, nothing else. */
export type AnyMessage = Readonly<Record<string, unknown>> & { readonly role: string }

/**
 * Rewrites messages for a vendor that speaks the format with differences. `rewrite` gives back the same object for a message
 * that is fine, another one, or several (none: it is left out). `undefined`: nothing changes, and the client's bytes can stay.
 * What is no message (no object, no role) is not shown to `rewrite`, and stays: the vendor says what is wrong with it.
 */
export function rewriteMessages(
  messages: ChatRequest['messages'],
  rewrite: (message: AnyMessage, index: number) => AnyMessage | readonly AnyMessage[],
): ChatRequest['messages'] | undefined {
  if (!Array.isArray(messages)) return undefined
  let changed = false
  const written = (messages as unknown[]).flatMap((message, index): unknown => {
    if (!isMessage(message)) return [message]
    const better = rewrite(message, index)
    changed ||= better !== message
    return better
  })
  return changed ? (written as unknown as ChatRequest['messages']) : undefined
}

function isMessage(value: unknown): value is AnyMessage {
  return isObject(value) && typeof value['role'] === 'string'
}

/** `developer` is what newer clients call the system role. */
export function developerAsSystem(message: AnyMessage): AnyMessage {
  return message.role === 'developer' ? { ...message, role: 'system' } : message
}

/** The message without some members. The same object when it has none of them. */
export function without(message: AnyMessage, ...names: readonly string[]): AnyMessage {
  if (!names.some((name) => Object.hasOwn(message, name))) return message
  return Object.fromEntries(Object.entries(message).filter(([name]) => !names.includes(name))) as AnyMessage
}
