import type { SentBody } from './subject.ts'
import type { Block, Turn } from '../src/wire.ts'

/** The rules by which the vendor refuses a conversation, as the first one that is broken; `undefined` when none is. */
export function brokenRule(body: SentBody): string | undefined {
  const ids = body.messages.flatMap((turn) => turn.content.filter(isUse).map((block) => block['id']))
  if (body.messages[0]?.role !== 'user') return 'the first message must be a user message'
  if (body.messages.at(-1)?.role !== 'user') return 'the last message must be a user message'
  if (new Set(ids).size !== ids.length) return 'tool_use ids must be unique'
  if (ids.some((id) => !/^[a-zA-Z0-9_-]+$/.test(String(id)))) return 'tool_use ids must match the pattern'
  if ((body.system ?? []).some(isBlank)) return 'text content blocks must be non-empty'
  return body.messages.map((turn, index) => brokenTurn(turn, body.messages[index - 1])).find(Boolean)
}

function brokenTurn(turn: Turn, before: Turn | undefined): string | undefined {
  if (turn.role === before?.role) return 'roles must alternate'
  if (turn.content.length === 0) return 'messages must have content'
  if (turn.content.some((block) => isBlank(block) || nested(block).some(isBlank))) {
    return 'text content blocks must be non-empty'
  }
  const called = (before?.content ?? []).filter(isUse).map((block) => String(block['id']))
  const leading = turn.content.slice(0, called.length).map((block) => String(block['tool_use_id']))
  if (leading.toSorted().join() !== called.toSorted().join()) {
    return 'tool_use ids were found without tool_result blocks immediately after'
  }
  const results = turn.content.filter((block) => block.type === 'tool_result')
  return results.length === called.length ? undefined : 'unexpected tool_use_id found in tool_result blocks'
}

function isUse(block: Block): boolean {
  return block.type === 'tool_use'
}

function isBlank(block: Block): boolean {
  return block.type === 'text' && String(block['text']).trim() === ''
}

function nested(block: Block): readonly Block[] {
  return Array.isArray(block['content']) ? (block['content'] as Block[]) : []
}
