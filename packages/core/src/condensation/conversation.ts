import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** The messages of a chat request, and where they may be parted. */
export interface Conversation {
  /** One for each message of the request; what is no object is an empty one here. */
  readonly messages: readonly JsonObject[]
  /** Where the system's and the developer's messages stand. */
  readonly system: ReadonlySet<number>
  /**
   * Where it may be cut, ascending: in front of messages that are not the system's, nor the first, and where no call of a tool is parted
   * from its results.
   */
  readonly cuts: readonly number[]
  /** Where the last run of user messages begins; -1: there is none. System messages do not end a run. */
  readonly lastTurn: number
}

/** Reads the messages of a request. Never throws, whatever they are. */
export function conversationOf(messages: readonly unknown[]): Conversation {
  const objects = messages.map((message) => (isObject(message) ? message : {}))
  const system = new Set<number>()
  for (const [index, message] of objects.entries()) if (isSystem(message)) system.add(index)
  return { messages: objects, system, cuts: cutsOf(objects, system), lastTurn: lastTurnOf(objects, system) }
}

/** Whether it is the application's word, not part of what was said. */
export function isSystem({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer'
}

/** Whether it says what came of a call. */
export function isResult({ role }: JsonObject): boolean {
  return role === 'tool' || role === 'function'
}

function cutsOf(messages: readonly JsonObject[], system: ReadonlySet<number>): readonly number[] {
  const tied = tiesOf(messages)
  const cuts: number[] = []
  let isFirst = true
  for (const [index, message] of messages.entries()) {
    if (system.has(index)) continue
    // A result without a call belongs to what stands before it.
    if (!isFirst && !isResult(message) && tied[index] === 0) cuts.push(index)
    isFirst = false
  }
  return cuts
}

/** How many calls wait for their result at each place. Results that come late, after other messages, are found by the id of their call. */
function tiesOf(messages: readonly JsonObject[]): Int32Array {
  const tied = new Int32Array(messages.length + 1)
  const waiting = new Map<string, number>()
  for (const [index, message] of messages.entries()) {
    for (const name of callsOf(message)) waiting.set(name, index)
    const name = answeredBy(message)
    const call = name === undefined ? undefined : waiting.get(name)
    if (name === undefined || call === undefined) continue
    waiting.delete(name)
    tied[call + 1]! += 1
    tied[index + 1]! -= 1
  }
  for (let index = 1; index < tied.length; index++) tied[index]! += tied[index - 1]!
  return tied
}

/** The ids of the calls in a message, and the name of a call in the form before ids. */
function callsOf({ role, tool_calls: calls, function_call: call }: JsonObject): readonly string[] {
  if (role !== 'assistant') return []
  const names: string[] = []
  if (Array.isArray(calls))
    for (const made of calls as readonly unknown[])
      if (isObject(made) && typeof made['id'] === 'string') names.push(`id:${made['id']}`)
  if (isObject(call) && typeof call['name'] === 'string') names.push(`name:${call['name']}`)
  return names
}

function answeredBy({ role, tool_call_id: id, name }: JsonObject): string | undefined {
  if (role === 'tool') return typeof id === 'string' ? `id:${id}` : undefined
  return role === 'function' && typeof name === 'string' ? `name:${name}` : undefined
}

function lastTurnOf(messages: readonly JsonObject[], system: ReadonlySet<number>): number {
  let at = messages.findLastIndex(({ role }) => role === 'user')
  for (let index = at - 1; index >= 0; index--) {
    if (messages[index]!['role'] === 'user') at = index
    else if (!system.has(index)) break
  }
  return at
}
