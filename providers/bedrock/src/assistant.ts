import { isObject, type JsonObject, kindOf, parsedArguments, refuse, stringAt } from '@llmproxy/provider-kit'
import { cachePoint } from './cache-point.ts'
import { contentBlocks, textBlocks } from './content.ts'
import type { Draft } from './draft.ts'
import type { Block } from './wire.ts'

/** An assistant message as blocks: replayed reasoning first, then text, then one `toolUse` for each call. */
export function assistantBlocks(draft: Draft, message: JsonObject, path: string): Block[] {
  const text = contentBlocks(message['content'], `${path}.content`, { draft, media: false })
  const refusal = typeof message['refusal'] === 'string' ? textBlocks(message['refusal']) : []
  const spoken = [...text, ...refusal, ...callBlocks(draft, message, path)]
  return [...reasoningBlocks(message['thinking_blocks']), ...spoken]
}

/**
 * Reasoning that was signed, unmodified and first: models refuse a tool result when the reasoning before the call is gone or
 * changed. Blocks without a signature are left out, as is `reasoning_content`: nobody can prove where they come from.
 */
function reasoningBlocks(blocks: unknown): Block[] {
  if (!Array.isArray(blocks)) return []
  return blocks.filter(isObject).flatMap((block): Block[] => {
    const { type, thinking, signature, data } = block
    if (type === 'thinking' && typeof signature === 'string') {
      const text = typeof thinking === 'string' ? thinking : ''
      return [{ reasoningContent: { reasoningText: { text, signature } } }]
    }
    return type === 'redacted_thinking' && typeof data === 'string'
      ? [{ reasoningContent: { redactedContent: data } }]
      : []
  })
}

function callBlocks(draft: Draft, message: JsonObject, path: string): Block[] {
  const calls = message['tool_calls'] ?? []
  if (!Array.isArray(calls)) throw refuse(`${path}.tool_calls`, `must be an array, found ${kindOf(calls)}`)
  return calls.flatMap((call: unknown, index) => {
    const at = `${path}.tool_calls[${index}]`
    if (!isObject(call)) throw refuse(at, `must be an object, found ${kindOf(call)}`)
    return [useBlock(draft, call, at), ...cachePoint(call, at, draft.report)]
  })
}

function useBlock(draft: Draft, call: JsonObject, path: string): Block {
  const { id, function: called } = call
  if (!isObject(called)) throw refuse(`${path}.function`, `must be an object, found ${kindOf(called)}`)
  const name = stringAt(called, 'name', `${path}.function`)
  if (typeof id !== 'string' || id === '') throw refuse(`${path}.id`, 'must be a string that is not empty')
  const sent = draft.ids.issue(id)
  if (sent === undefined) throw refuse(`${path}.id`, `the id ${JSON.stringify(id)} is used twice in one turn`)
  draft.unanswered.set(sent, path)
  draft.called.add(name)
  const input = parsedArguments(called['arguments'], `${path}.function.arguments`)
  return { toolUse: { toolUseId: sent, name, input } }
}
