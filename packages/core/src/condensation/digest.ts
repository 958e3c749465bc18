import { hash } from 'node:crypto'
import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import { isSystem } from './conversation.ts'

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
  return hash('sha256', JSON.stringify([caller, model, 'prompt']) + prompt)
}

/**
 * What was said. Clients send answers back with more or fewer of the members that say nothing (`refusal: null`), and with each turn mark
 * other messages for the vendor's cache.
 */
function canonical(message: JsonObject): string {
  const { role, content, name, tool_calls: calls, tool_call_id: answers, function_call: call } = message
  const said = [contentOf(content), name ?? null, calls ?? null, answers ?? null, call ?? null]
  return JSON.stringify([role, ...said, message['refusal'] || null, spokenIn(message['audio'])])
}

/** Some clients send a recording back with its bytes, some without. */
function spokenIn(audio: unknown): unknown {
  return isObject(audio) ? [audio['id'] ?? null, audio['transcript'] ?? null] : null
}

function contentOf(content: unknown): unknown {
  if (!Array.isArray(content)) return content ?? null
  const parts = (content as readonly unknown[]).map(unmarked)
  const [first] = parts
  // A text that is marked has to be a part.
  const isText = parts.length === 1 && isObject(first) && first['type'] === 'text'
  return isText && typeof first['text'] === 'string' ? first['text'] : parts
}

function unmarked(part: unknown): unknown {
  if (!isObject(part) || !('cache_control' in part)) return part
  const { cache_control: _mark, ...rest } = part
  return rest
}
