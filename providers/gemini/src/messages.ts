import {
  type Call,
  type ChatRequest,
  functionsAsTools,
  isObject,
  type JsonObject,
  kindOf,
  refuse,
  stringAt,
} from '@llmproxy/provider-kit'
import { assistantParts } from './assistant.ts'
import { contentParts, type Reporter } from './content.ts'
import { reportMessageMembers } from './message-members.ts'
import { functionResponse } from './tool-result.ts'

/** A turn of the conversation. */
export interface Content {
  readonly role: 'user' | 'model'
  readonly parts: JsonObject[]
}

/** A call that waits for its result: results carry the function's name, and stand in the order of the calls. */
interface OpenCall {
  readonly name: string
  readonly position: number
}

interface PlacedResult {
  readonly part: JsonObject
  /** Of its call. */
  readonly position: number
}

/** A conversation under construction. */
export interface Draft {
  readonly system: JsonObject[]
  readonly contents: Content[]
  /** By the client's id; the latest call with an id counts. */
  readonly calls: Map<string, OpenCall>
  callCount: number
  /** The results in front of a turn, which are put there in the end. */
  readonly results: Map<Content, PlacedResult[]>
  readonly report: Reporter
  /** A call of the history must carry a thought signature. */
  readonly signedCalls: boolean
}

/**
 * OpenAI messages as turns of `user` and `model`: system texts hoisted in order, neighbours of one role merged, the results of
 * parallel calls together and in the order of the calls. Throws a refusal for what the vendor cannot be told.
 */
export function conversationOf(
  call: Call<ChatRequest>,
  signedCalls: boolean,
): Pick<Draft, 'system' | 'contents'> {
  const messages: unknown = call.body.messages
  if (!Array.isArray(messages)) throw refuse('messages', `must be an array, found ${kindOf(messages)}`)
  const draft: Draft = {
    system: [],
    contents: [],
    calls: new Map(),
    callCount: 0,
    results: new Map(),
    report: call,
    signedCalls,
  }
  const current: readonly unknown[] = functionsAsTools(call.body.messages)
  current.forEach((message, index) => addMessage(draft, message, `messages[${index}]`))
  // The first turn must be the user's; a full stop says nothing.
  if (draft.contents[0]?.role !== 'user') draft.contents.unshift({ role: 'user', parts: [{ text: '.' }] })
  return { system: draft.system, contents: draft.contents.map((turn) => withResults(turn, draft)) }
}

function addMessage(draft: Draft, message: unknown, path: string): void {
  if (!isObject(message)) throw refuse(path, `must be an object with a role, found ${kindOf(message)}`)
  reportMessageMembers(message, path, draft.report)
  switch (message['role']) {
    case 'system':
    case 'developer':
      return addSystem(draft, message, path)
    case 'user':
      return add(draft, 'user', contentParts(message['content'], `${path}.content`, draft.report))
    case 'assistant':
      return add(draft, 'model', assistantParts(draft, message, path))
    case 'tool':
      return addResult(draft, message, path)
    default:
      throw refuse(`${path}.role`, `unknown role ${JSON.stringify(message['role'])}`)
  }
}

function addSystem(draft: Draft, message: JsonObject, path: string): void {
  const parts = contentParts(message['content'], `${path}.content`, draft.report)
  if (parts.some((part) => !('text' in part))) throw refuse(`${path}.content`, 'instructions must be text')
  // There is one place for instructions, before the first turn: a later message loses its own.
  if (draft.contents.length > 0 && parts.length > 0) draft.report.dropped(`${path}.role`)
  for (const part of parts) draft.system.push(part)
}

/** Results come first in their turn, in the order of their calls: calls of one function have nothing else that tells them apart. */
function addResult(draft: Draft, message: JsonObject, path: string): void {
  const id = stringAt(message, 'tool_call_id', path)
  const call = draft.calls.get(id)
  if (call === undefined)
    throw refuse(
      `${path}.tool_call_id`,
      `there is no call ${JSON.stringify(id)} in the assistant messages before it`,
    )
  const { part, others } = functionResponse(call.name, message, path, draft.report)
  let turn = draft.contents.at(-1)
  if (turn?.role !== 'user') {
    turn = { role: 'user', parts: [] }
    draft.contents.push(turn)
  }
  const placed = { part, position: call.position }
  const before = draft.results.get(turn)
  if (before === undefined) draft.results.set(turn, [placed])
  else before.push(placed)
  add(draft, 'user', others)
}

/** Results put into their place one by one would move everything behind them each time. */
function withResults(turn: Content, { results }: Draft): Content {
  const placed = results.get(turn)
  if (placed === undefined) return turn
  const inOrder = placed.toSorted((left, right) => left.position - right.position)
  return { ...turn, parts: [...inOrder.map(({ part }) => part), ...turn.parts] }
}

function add(draft: Draft, role: Content['role'], parts: readonly JsonObject[]): void {
  if (parts.length === 0) return
  const turn = draft.contents.at(-1)
  // As arguments of one call, hundreds of thousands would not fit onto the stack.
  if (turn?.role === role) for (const part of parts) turn.parts.push(part)
  else draft.contents.push({ role, parts: [...parts] })
}
