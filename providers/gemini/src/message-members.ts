import type { JsonObject } from '@llmproxy/provider-kit'
import type { Reporter } from './content.ts'

/** Translated, or members of our own answers that clients send back: those describe an answer and ask for nothing. */
const understood: ReadonlyMap<unknown, ReadonlySet<string>> = new Map([
  [
    'assistant',
    new Set([
      'role',
      'content',
      'refusal',
      'tool_calls',
      'extra_content',
      'reasoning_content',
      'reasoning',
      'reasoning_details',
      'annotations',
      'citations',
      'images',
      'parsed',
      'thinking_blocks',
    ]),
  ],
  ['tool', new Set(['role', 'content', 'tool_call_id'])],
])
const plain: ReadonlySet<string> = new Set(['role', 'content'])

/** Reports what a message says and the vendor cannot be told, such as `name`. */
export function reportMessageMembers(message: JsonObject, path: string, report: Reporter): void {
  const known = understood.get(message['role']) ?? plain
  for (const [name, value] of Object.entries(message)) {
    if (!known.has(name) && value !== null && value !== undefined) report.dropped(`${path}.${name}`)
  }
}
