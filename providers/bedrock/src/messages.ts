import {
  type ChatRequest,
  functionsAsTools,
  isObject,
  type JsonObject,
  kindOf,
  refuse,
  stringAt,
} from '@llmproxy/provider-kit'
import { assistantBlocks } from './assistant.ts'
import { cachePoint } from './cache-point.ts'
import { createCallIds } from './call-ids.ts'
import { contentBlocks, textBlocks } from './content.ts'
import { add, type Draft, type Reporter } from './draft.ts'
import { reportMessageMembers } from './message-members.ts'
import type { Block, Conversation } from './wire.ts'

/**
 * OpenAI messages as alternating turns: system text hoisted in order, neighbours of one role merged, all tool results of
 * a turn at the beginning of the next user turn. Throws an `invalid_request` fault for what the vendor would refuse.
 */
export function conversationOf(messages: unknown, report: Reporter): Conversation {
  if (!Array.isArray(messages) || messages.length === 0) {
    throw refuse('messages', `must be an array with at least one message, found ${kindOf(messages)}`)
  }
  const draft: Draft = {
    system: [],
    turns: [],
    ids: createCallIds(),
    unanswered: new Map(),
    called: new Set(),
    documents: new Map(),
    report,
  }
  const modern = functionsAsTools(messages as ChatRequest['messages']) as readonly unknown[]
  modern.forEach((message, index) => addMessage(draft, message, `messages[${index}]`))
  refuseUnanswered(draft)
  trimEnd(draft)
  // The API wants a user turn first; a full stop says nothing.
  const first = draft.turns[0]?.role === 'user' ? [] : [{ role: 'user' as const, content: textBlocks('.') }]
  const turns = draft.turns.map(({ role, results, content }) => ({ role, content: [...results, ...content] }))
  return { system: draft.system, turns: [...first, ...turns], called: [...draft.called] }
}

function addMessage(draft: Draft, message: unknown, path: string): void {
  if (!isObject(message)) throw refuse(path, `must be an object with a role, found ${kindOf(message)}`)
  reportMessageMembers(message, path, draft.report)
  switch (message['role']) {
    case 'system':
    case 'developer':
      return addSystem(draft, message, path)
    case 'user':
      return addUser(draft, message, path)
    case 'assistant':
      return addAssistant(draft, message, path)
    case 'tool':
      return addResult(draft, message, path)
    default:
      throw refuse(`${path}.role`, `unknown role ${JSON.stringify(message['role'])}`)
  }
}

function userBlocks(draft: Draft, message: JsonObject, path: string): Block[] {
  return contentBlocks(message['content'], `${path}.content`, { draft, media: true })
}

function addUser(draft: Draft, message: JsonObject, path: string): void {
  const content = userBlocks(draft, message, path)
  if (content.length === 0) return
  add(draft, 'user', { content: [...content, ...cachePoint(message, path, draft.report)] })
}

function addSystem(draft: Draft, message: JsonObject, path: string): void {
  const blocks = contentBlocks(message['content'], `${path}.content`, { draft, media: false })
  if (blocks.length === 0) return
  // The API has one place for instructions, before the first turn: a later message loses its position.
  if (draft.turns.length > 0) draft.report.dropped(`${path}.role`)
  for (const block of blocks) draft.system.push(block)
  draft.system.push(...cachePoint(message, path, draft.report))
}

function addAssistant(draft: Draft, message: JsonObject, path: string): void {
  if (draft.turns.at(-1)?.role !== 'assistant') {
    refuseUnanswered(draft)
    draft.ids.nextTurn()
  }
  const content = assistantBlocks(draft, message, path)
  if (content.length === 0) return
  add(draft, 'assistant', { content: [...content, ...cachePoint(message, path, draft.report)] })
}

function addResult(draft: Draft, message: JsonObject, path: string): void {
  const callId = stringAt(message, 'tool_call_id', path)
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
  const content = userBlocks(draft, message, path)
  const toolResult = {
    toolUseId: id,
    // A mark inside of a result is a mark of the result.
    content: content.filter((block) => block['cachePoint'] === undefined),
    ...(message['is_error'] === true && { status: 'error' }),
  }
  const marks = [
    ...content.filter((block) => block['cachePoint'] !== undefined),
    ...cachePoint(message, path, draft.report),
  ]
  add(draft, 'user', { results: [{ toolResult }, ...marks.slice(0, 1)] })
}

/** White space at the end of an answer that is begun is refused by models. */
function trimEnd({ turns }: Draft): void {
  const turn = turns.at(-1)
  const text = turn?.role === 'assistant' ? turn.content.at(-1)?.['text'] : undefined
  if (turn !== undefined && typeof text === 'string')
    turn.content[turn.content.length - 1] = { text: text.trimEnd() }
}

function refuseUnanswered(draft: Draft): void {
  const [missing] = draft.unanswered
  if (missing === undefined) return
  const [id, path] = missing
  throw refuse(path, `the tool call ${JSON.stringify(id)} has no tool message with its result after it`)
}
