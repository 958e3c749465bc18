import { type AnyMessage, type Call, isObject, kindOf, refuse } from '@llmproxy/provider-kit'
import { type Content, contentOf, joined } from './content.ts'

/** Tells calls and results of a conversation as text, for an account without tools. */
export class ToolHistory {
  readonly #names = new Map<unknown, string>()

  /** What an assistant message calls, a line for each; `''` when it calls nothing. */
  callsAsText(message: AnyMessage, path: string): string {
    const lines = callsOf(message, path).map(({ id, name, text }) => {
      if (id !== undefined) this.#names.set(id, name)
      return `Called the tool ${name} with ${text}`
    })
    return lines.join('\n')
  }

  /** What a tool gave back, as content of the user. */
  resultAsContent(message: AnyMessage, path: string, report: Pick<Call, 'dropped'>): Content {
    const name = this.#names.get(message['tool_call_id']) ?? message['name']
    const head = typeof name === 'string' ? `Result of the tool ${name}:` : 'Result of a tool:'
    const content = contentOf(message, path, report)
    return typeof content === 'string' ? `${head}\n${content}` : joined(head, content)
  }
}

/** Calls without what clients add to them, such as their arguments as an object. The same list when there is nothing of it. */
export function plainCalls(calls: readonly unknown[]): readonly unknown[] {
  const plain = calls.map((call) => {
    if (!isObject(call) || !isObject(call['function'])) return call
    const { name, arguments: text, ...more } = call['function']
    return Object.keys(more).length === 0 ? call : { ...call, function: { name, arguments: text } }
  })
  return plain.every((call, index) => call === calls[index]) ? calls : plain
}

interface Called {
  readonly id: unknown
  readonly name: string
  readonly text: string
}

function callsOf(message: AnyMessage, path: string): Called[] {
  const { tool_calls: calls, function_call: legacy } = message
  if (calls !== undefined && calls !== null && !Array.isArray(calls))
    throw refuse(`${path}.tool_calls`, `must be an array, found ${kindOf(calls)}`)
  const found = (calls ?? []).map((call: unknown, index: number) => {
    const place = `${path}.tool_calls[${index}]`
    if (!isObject(call)) throw refuse(place, `must be an object, found ${kindOf(call)}`)
    return called(call['function'] ?? call['custom'], call['id'], `${place}.function`)
  })
  return isObject(legacy) ? [...found, called(legacy, undefined, `${path}.function_call`)] : found
}

function called(value: unknown, id: unknown, path: string): Called {
  if (!isObject(value)) throw refuse(path, `must be an object, found ${kindOf(value)}`)
  if (typeof value['name'] !== 'string')
    throw refuse(`${path}.name`, `must be a string, found ${kindOf(value['name'])}`)
  const given = value['arguments'] ?? value['input'] ?? ''
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  return { id, name: value['name'], text: text.trim() === '' ? '{}' : text }
}
