import type { JsonObject } from '@llmproxy/provider-kit'
import type { Reporter } from './draft.ts'

const everywhere = ['role', 'content', 'cache_control']

/**
 * Members of a message that are translated, or that are the gateway's own answer sent back by a client which keeps whole
 * messages. The latter describe an answer and ask for nothing.
 */
const understood: ReadonlyMap<unknown, ReadonlySet<string>> = new Map([
  [
    'assistant',
    new Set([
      ...everywhere,
      'tool_calls',
      'refusal',
      'thinking_blocks',
      'reasoning_content',
      'reasoning',
      'reasoning_details',
      'annotations',
      'citations',
    ]),
  ],
  ['tool', new Set([...everywhere, 'tool_call_id', 'is_error'])],
])
const plain: ReadonlySet<string> = new Set(everywhere)

/** Reports what a message says and the vendor cannot be told, such as `name`. */
export function reportMessageMembers(message: JsonObject, path: string, report: Reporter): void {
  const known = understood.get(message['role']) ?? plain
  for (const [name, value] of Object.entries(message)) {
    if (!known.has(name) && value !== null && value !== undefined) report.dropped(`${path}.${name}`)
  }
}
