import { isObject, type JsonObject, parseJson } from '@llmproxy/provider-kit'
import { isResult } from './conversation.ts'

/** Whose text it is. Results of tools are missed the least, and what the user says the most. */
export const textRanks = ['result', 'assistant', 'user'] as const
export type TextRank = (typeof textRanks)[number]

/** Members that hold a text as it is. */
const plain = ['content', 'refusal', 'reasoning_content', 'reasoning'] as const
/** The same of a part of content. */
const plainOfPart = ['text', 'refusal', 'thinking'] as const

/**
 * The message with each of its texts changed: content, reasoning, inputs of calls that are text, and texts in the arguments of others,
 * which stay JSON. The same object where all of them stay as they are.
 */
export function mapTexts(message: JsonObject, changed: (text: string) => string): JsonObject {
  const written = mapMembers(message, plain, changed)
  const { content, tool_calls: calls, function_call: call } = written
  return withMembers(written, {
    content: mapArray(content, (part) => mapMembers(part, plainOfPart, changed)),
    tool_calls: mapArray(calls, (made) =>
      withMembers(made, {
        function: mapArguments(made['function'], changed),
        custom: mapInput(made['custom'], changed),
      }),
    ),
    function_call: mapArguments(call, changed),
  })
}

/** Whose texts a message has. */
export function rankOf(message: JsonObject): TextRank {
  if (isResult(message)) return 'result'
  return message['role'] === 'assistant' ? 'assistant' : 'user'
}

function mapMembers(
  object: JsonObject,
  names: readonly string[],
  changed: (text: string) => string,
): JsonObject {
  const members: JsonObject = {}
  for (const name of names) {
    const value = object[name]
    if (typeof value === 'string') members[name] = changed(value)
  }
  return withMembers(object, members)
}

/** The same object where none of the members differs. */
function withMembers(object: JsonObject, members: JsonObject): JsonObject {
  const differing = Object.entries(members).filter(([name, value]) => object[name] !== value)
  return differing.length === 0 ? object : { ...object, ...Object.fromEntries(differing) }
}

function mapArray(list: unknown, change: (item: JsonObject) => JsonObject): unknown {
  if (!Array.isArray(list)) return list
  const items: readonly unknown[] = list
  const changed = items.map((item) => (isObject(item) ? change(item) : item))
  return changed.some((item, index) => item !== items[index]) ? changed : list
}

function mapArguments(call: unknown, changed: (text: string) => string): unknown {
  if (!isObject(call) || typeof call['arguments'] !== 'string') return call
  return withMembers(call, { arguments: mapJsonTexts(call['arguments'], changed) })
}

function mapInput(call: unknown, changed: (text: string) => string): unknown {
  return isObject(call) ? mapMembers(call, ['input'], changed) : call
}

/** Deeper than arguments of any tool; what is below stays. */
const deepest = 32

function mapJsonTexts(json: string, changed: (text: string) => string): string {
  const value = parseJson(json)
  let differs = false
  const note = (text: string) => {
    const other = changed(text)
    differs ||= other !== text
    return other
  }
  const mapped = mapStrings(value, note, deepest)
  // What was not changed keeps its numbers and white space as they came.
  return differs ? JSON.stringify(mapped) : json
}

function mapStrings(value: unknown, changed: (text: string) => string, depth: number): unknown {
  if (typeof value === 'string') return changed(value)
  if (depth === 0 || typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: unknown) => mapStrings(item, changed, depth - 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, mapStrings(inner, changed, depth - 1)]),
  )
}
