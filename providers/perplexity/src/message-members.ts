import type { AnyMessage, Call } from '@llmproxy/provider-kit'

/**
 * Members of a message that are translated, or that are an answer sent back by a client which keeps whole messages. The latter
 * describe what was answered and ask for nothing.
 */
const understood: Readonly<Record<string, readonly string[]>> = {
  assistant: [
    'tool_calls',
    'function_call',
    'refusal',
    'reasoning_content',
    'reasoning',
    'reasoning_details',
    'reasoning_steps',
    'thinking_blocks',
    'annotations',
    'citations',
    'parsed',
  ],
  tool: ['tool_call_id', 'name'],
  function: ['name'],
}

/** Reports what a message says and the vendor cannot be told, such as `name`. */
export function reportMessageMembers(message: AnyMessage, path: string, report: Pick<Call, 'dropped'>): void {
  const known = Object.hasOwn(understood, message.role) ? (understood[message.role] ?? []) : []
  for (const [name, value] of Object.entries(message)) {
    if (name === 'role' || name === 'content' || known.includes(name)) continue
    if (value !== undefined && value !== null) report.dropped(`${path}.${name}`)
  }
}
