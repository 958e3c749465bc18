import { createHash, hash } from 'node:crypto'
import type { JsonObject } from '@llmproxy/provider-kit'

/**
 * A name for each beginning of a conversation: `digests[i]` is that of `messages[0..i)`, and says caller, model and every message before
 * `i` but the system's, which no summary tells of: whoever puts the time into them still has the same conversation.
 */
export function prefixDigests(
  caller: string,
  model: string,
  messages: readonly JsonObject[],
): readonly string[] {
  let digest = hash('sha256', JSON.stringify([caller, model]))
  const digests = [digest]
  for (const message of messages) {
    if (!isSystem(message)) digest = hash('sha256', digest + canonical(message))
    digests.push(digest)
  }
  return digests
}

/** The same for a text prompt as a whole. */
export function promptDigest(caller: string, model: string, prompt: string): string {
  return createHash('sha256')
    .update(JSON.stringify([caller, model, 'prompt']))
    .update(prompt)
    .digest('hex')
}

export function isSystem({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer'
}

/** What was said. Clients send answers back with more or fewer of the members that say nothing (`refusal: null`). */
function canonical(message: JsonObject): string {
  const { role, content, name, tool_calls: calls, tool_call_id: answers, function_call: call } = message
  return JSON.stringify([role, content ?? null, name ?? null, calls ?? null, answers ?? null, call ?? null])
}
