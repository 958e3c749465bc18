import { isObject } from '@llmproxy/provider-kit'

/** A conversation as text. */
export interface WrittenTranscript {
  readonly text: string
  /** What it could not say, each with its number: `{ image: 2 }`. */
  readonly leftOut: Readonly<Record<string, number>>
}

/** Writes messages as a text that says who said what. Never throws, whatever the messages are. */
export function transcriptOf(messages: readonly unknown[]): WrittenTranscript {
  const turns = messages
    .filter(isObject)
    .map(({ role, content }) => `<turn ${String(role)}>\n${typeof content === 'string' ? content : ''}`)
  return { text: turns.join('\n'), leftOut: {} }
}
