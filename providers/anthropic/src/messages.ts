import { type ChatMessage, kindOf, refuse, stringAt } from '@llmproxy/provider-kit'
import { assistantBlocks } from './assistant.ts'
import { markLast } from './cache-mark.ts'
import { type CallIds, createCallIds } from './call-ids.ts'
import { contentBlocks, textBlocks } from './content.ts'
import type { Reporter } from './reporter.ts'
import { reportMessageMembers } from './message-members.ts'
import { toolResult } from './tool-result.ts'
import { type Block, type Conversation, isObject, type JsonObject, type Turn } from './wire.ts'

/** A conversation under construction. */
export interface Draft {
  readonly system: Block[]
  readonly turns: Turn[]
  /** Of the results in front of a turn, which are put there in the end. */
  readonly results: Map<Turn, Block[]>
  readonly ids: CallIds
  /** Calls of the latest assistant turn that have no result yet: the id sent upstream, and the call's JSON path. */
  readonly unanswered: Map<string, string>
  readonly report: Reporter
}

/**
 * OpenAI messages as alternating turns: system text hoisted in order, neighbours of one role merged, all tool results of
 * a turn at the beginning of the next user turn. Deterministic, and what is said later never changes what stands before,
 * so the vendor's prompt cache keeps its prefix. Throws an `invalid_request` fault for what the vendor would refuse.
 */
export function conversationOf(messages: unknown, report: Reporter, prefill: boolean): Conversation {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw refuse('messages', `must be an array with at least one message, found ${kindOf(messages)}`)
  }
  const draft: Draft = {
    system: [],
    turns: [],
    results: new Map(),
    ids: createCallIds(),
    unanswered: new Map(),
    report,
  }
  messages.forEach((message: unknown, index) => addMessage(draft, message, `messages[${index}]`))
  refuseUnanswered(draft)
  endTurns(draft, prefill, `messages[${messages.length - 1}]`)
  // The API wants a user turn first; a full stop says nothing.
  if (draft.turns[0]?.role !== 'user')
    draft.turns.unshift({ role: 'user', content: [{ type: 'text', text: '.' }] })
  return { system: draft.system, turns: draft.turns.map((turn) => withResults(turn, draft)) }
}

function addMessage(draft: Draft, message: unknown, path: string): void {
  if (!isObject(message)) throw refuse(path, `must be an object with a role, found ${kindOf(message)}`)
  const role = message['role'] as ChatMessage['role']
  reportMessageMembers(message, path, draft.report)
  switch (role) {
    case 'system':
    case 'developer':
      return addSystem(draft, message, path)
    case 'user':
      return add(draft, 'user', userBlocks(draft, message, path))
    case 'assistant':
      return addAssistant(draft, message, path)
    case 'tool':
      return addResult(draft, message, stringAt(message, 'tool_call_id', path), path)
    case 'function':
      return addFunctionResult(draft, message, path)
    default:
      role satisfies never
      throw refuse(`${path}.role`, `unknown role ${JSON.stringify(role)}`)
  }
}

function userBlocks(draft: Draft, message: JsonObject, path: string): Block[] {
  return markLast(contentBlocks(message['content'], `${path}.content`, draft.report), message)
}

function addSystem(draft: Draft, message: JsonObject, path: string): void {
  // The API has one place for instructions, before the first turn: a later message loses its position.
  if (draft.turns.length > 0) draft.report.dropped(`${path}.role`)
  for (const block of userBlocks(draft, message, path)) draft.system.push(block)
}

function addAssistant(draft: Draft, message: JsonObject, path: string): void {
  if (draft.turns.at(-1)?.role !== 'assistant') {
    refuseUnanswered(draft)
    draft.ids.nextTurn()
  }
  add(draft, 'assistant', assistantBlocks(draft, message, path))
}

function addFunctionResult(draft: Draft, message: JsonObject, path: string): void {
  const name = stringAt(message, 'name', path)
  const id = draft.ids.find(name)
  if (id !== undefined && draft.unanswered.has(id)) return addResult(draft, message, name, path)
  const text = typeof message['content'] === 'string' ? message['content'] : ''
  add(draft, 'user', textBlocks(`${name}: ${text}`))
}

function addResult(draft: Draft, message: JsonObject, callId: string, path: string): void {
  const id = draft.ids.find(callId)
  if (id === undefined) {
    throw refuse(
      `${path}.tool_call_id`,
      `no tool call with id ${JSON.stringify(callId)} in the assistant message before it`,
    )
  }
  if (!draft.unanswered.delete(id)) {
    throw refuse(`${path}.tool_call_id`, `the tool call ${JSON.stringify(callId)} already has a result`)
  }
  const block = toolResult(message, id, path, draft.report)
  let turn = draft.turns.at(-1)
  if (turn?.role !== 'user') {
    turn = { role: 'user', content: [] }
    draft.turns.push(turn)
  }
  const before = draft.results.get(turn)
  if (before === undefined) draft.results.set(turn, [block])
  else before.push(block)
}

/** Results put into their place one by one would move everything behind them each time. */
function withResults(turn: Turn, { results }: Draft): Turn {
  const first = results.get(turn)
  return first === undefined ? turn : { ...turn, content: [...first, ...turn.content] }
}

function add(draft: Draft, role: Turn['role'], blocks: readonly Block[]): void {
  if (blocks.length === 0) return
  const turn = draft.turns.at(-1)
  // As arguments of one call, hundreds of thousands would not fit onto the stack.
  if (turn?.role === role) for (const block of blocks) turn.content.push(block)
  else draft.turns.push({ role, content: [...blocks] })
}

function refuseUnanswered(draft: Draft): void {
  const [missing] = draft.unanswered
  if (missing === undefined) return
  const [id, path] = missing
  throw refuse(path, `the tool call ${JSON.stringify(id)} has no tool message with its result after it`)
}

function endTurns(draft: Draft, prefill: boolean, path: string): void {
  const turn = draft.turns.at(-1)
  if (turn?.role !== 'assistant') return
  if (!prefill) {
    throw refuse(
      path,
      'this model cannot continue an assistant message; the conversation must end with a user message',
    )
  }
  const last = turn.content.at(-1)
  if (last?.type !== 'text') return
  // White space at the end of a prefill is refused by the API.
  turn.content[turn.content.length - 1] = { ...last, text: String(last['text']).trimEnd() }
}
