/**
 * What a simulated vendor is told to answer. Tests write directives into the last text of the conversation, so that every vendor
 * plays the same scenes in its own words: `[tools:2]` calls the first two tools offered, `[no-arguments]` calls without any,
 * `[reasoning]` thinks first, `[length]` is cut by the token limit. Without one it answers with text.
 */
export interface Play {
  /** How many of the offered tools are called. */
  readonly toolCalls: number
  readonly noArguments: boolean
  readonly reasoning: boolean
  readonly length: boolean
  /** The text of the answer. */
  readonly text: string
}

/** Reads the directives of a conversation's last text. */
export function playOf(lastText: string): Play {
  const tools = /\[tools:(\d)\]/.exec(lastText)?.[1]
  return {
    toolCalls: Number(tools ?? 0),
    noArguments: lastText.includes('[no-arguments]'),
    reasoning: lastText.includes('[reasoning]'),
    length: lastText.includes('[length]'),
    text: 'Grüße 👋🏽 from the vendor',
  }
}

/** The text of an OpenAI-shaped last message, whatever the form of its content. */
export function lastTextOf(messages: unknown): string {
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined
  const content = (last as { content?: unknown } | undefined)?.content
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content.map(textOf).join('\n')
}

function textOf(part: unknown): string {
  const text = (part as { text?: unknown } | null)?.text
  return typeof text === 'string' ? text : ''
}
