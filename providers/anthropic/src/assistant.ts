import { kindOf, refuse, stringAt } from '@llmproxy/provider-kit'
import { cacheMark, markLast } from './cache-mark.ts'
import { contentBlocks, textBlocks } from './content.ts'
import type { Draft } from './messages.ts'
import { type Block, isObject, type JsonObject } from './wire.ts'

/** An assistant message as blocks: replayed thinking first, then text, then one `tool_use` for each call. */
export function assistantBlocks(draft: Draft, message: JsonObject, path: string): Block[] {
  const text = contentBlocks(message['content'], `${path}.content`, draft.report)
  const refusal = typeof message['refusal'] === 'string' ? textBlocks(message['refusal']) : []
  const spoken = markLast([...text, ...refusal, ...callBlocks(draft, message, path)], message)
  return [...thinkingBlocks(message['thinking_blocks']), ...spoken]
}

/**
 * Blocks that this vendor signed, unmodified and first: it refuses a tool result when the thinking before the call is
 * gone or changed. Blocks without its signature come from another vendor and are left out, as is `reasoning_content`.
 */
function thinkingBlocks(blocks: unknown): Block[] {
  if (!Array.isArray(blocks)) return []
  return blocks.filter(
    (block: unknown): block is Block =>
      isObject(block) &&
      ((block['type'] === 'thinking' && typeof block['signature'] === 'string') ||
        (block['type'] === 'redacted_thinking' && typeof block['data'] === 'string')),
  )
}

function callBlocks(draft: Draft, message: JsonObject, path: string): Block[] {
  const calls = message['tool_calls'] ?? []
  if (!Array.isArray(calls)) throw refuse(`${path}.tool_calls`, `must be an array, found ${kindOf(calls)}`)
  const blocks = calls.map((call: unknown, index) => callBlock(draft, call, `${path}.tool_calls[${index}]`))
  const legacy = message['function_call']
  // The old form has no id; its result names the function, so the name is the id.
  return isObject(legacy)
    ? [...blocks, useBlock(draft, legacy, legacy['name'], `${path}.function_call`)]
    : blocks
}

function callBlock(draft: Draft, call: unknown, path: string): Block {
  if (!isObject(call)) throw refuse(path, `must be an object, found ${kindOf(call)}`)
  const called = call['function']
  if (!isObject(called)) throw refuse(`${path}.function`, `must be an object, found ${kindOf(called)}`)
  return { ...useBlock(draft, called, call['id'], path, `${path}.function`), ...cacheMark(call) }
}

function useBlock(draft: Draft, called: JsonObject, id: unknown, path: string, calledPath = path): Block {
  const name = stringAt(called, 'name', calledPath)
  if (typeof id !== 'string' || id === '') throw refuse(`${path}.id`, 'must be a string that is not empty')
  const sent = draft.ids.issue(id)
  if (sent === undefined) throw refuse(`${path}.id`, `the id ${JSON.stringify(id)} is used twice in one turn`)
  draft.unanswered.set(sent, path)
  return {
    type: 'tool_use',
    id: sent,
    name,
    input: parsedArguments(called['arguments'], `${calledPath}.arguments`),
  }
}

function parsedArguments(text: unknown, path: string): JsonObject {
  if (isObject(text)) return text
  if (text === undefined || text === null) return {}
  if (typeof text !== 'string') throw refuse(path, `must be a string of JSON, found ${kindOf(text)}`)
  if (text.trim() === '') return {}
  const parsed = parsedJson(text, path) ?? {}
  if (!isObject(parsed)) throw refuse(path, `must be the JSON of an object, found ${kindOf(parsed)}`)
  return parsed
}

function parsedJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw refuse(path, 'is not valid JSON')
  }
}
