import type { Reporter } from './reporter.ts'
import { isObject, type JsonObject } from './wire.ts'

/**
 * Members of the gateway's own answer, sent back by a client which keeps whole messages. They describe an answer and ask for
 * nothing: other vendors' reasoning cannot be replayed here.
 */
const ofAnswers = [
  'thinking_blocks',
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'annotations',
  'citations',
  'parsed',
]
const everywhere = ['role', 'content', 'cache_control', 'prompt_cache_breakpoint']

/** Members that are translated, or that ask for nothing. */
const understood: ReadonlyMap<unknown, ReadonlySet<string>> = new Map([
  ['assistant', new Set([...everywhere, 'tool_calls', 'function_call', 'refusal', ...ofAnswers])],
  ['tool', new Set([...everywhere, 'tool_call_id', 'is_error'])],
  ['function', new Set([...everywhere, 'name'])],
])
const plain: ReadonlySet<string> = new Set(everywhere)

const proseOnly: ReadonlySet<string> = new Set(['role', 'content'])
const proseOfAssistant: ReadonlySet<string> = new Set(['role', 'content', 'tool_calls', ...ofAnswers])
const proseOfPart: ReadonlySet<string> = new Set(['type', 'text', 'refusal'])

/** Reports what a message says and the vendor cannot be told, such as `name`. */
export function reportMessageMembers(message: JsonObject, path: string, report: Reporter): void {
  reportOthers(message, understood.get(message['role']) ?? plain, path, report)
}

/** The same where a message is no more than its text. */
export function reportPlainMembers(message: JsonObject, path: string, report: Reporter): void {
  const { role, content } = message
  reportOthers(message, role === 'assistant' ? proseOfAssistant : proseOnly, path, report)
  const parts: readonly unknown[] = Array.isArray(content) ? content : []
  parts.forEach((part, index) => {
    if (isObject(part)) reportOthers(part, proseOfPart, `${path}.content[${index}]`, report)
  })
}

/** Members of a content part that are translated, or that ask for nothing. `detail` and its like are reported where they are read. */
const ofParts: ReadonlySet<string> = new Set([
  'type',
  'text',
  'refusal',
  'image_url',
  'file',
  'annotations',
  'cache_control',
  'prompt_cache_breakpoint',
])
const ofFunctions: ReadonlySet<string> = new Set([
  'type',
  'name',
  'description',
  'parameters',
  'strict',
  'cache_control',
])

/** Reports what a content part says and the vendor cannot be told. */
export function reportPartMembers(part: JsonObject, path: string, report: Reporter): void {
  reportOthers(part, ofParts, path, report)
}

/** The same for a function that the model may call. */
export function reportFunctionMembers(called: JsonObject, path: string, report: Reporter): void {
  reportOthers(called, ofFunctions, path, report)
}

function reportOthers(holder: JsonObject, known: ReadonlySet<string>, path: string, report: Reporter): void {
  for (const [name, value] of Object.entries(holder)) {
    if (!known.has(name) && value !== null && value !== undefined) report.dropped(`${path}.${name}`)
  }
}
