/** Shapes of the Converse API as far as this package reads or writes them. */

/** A content block: the one member that it has tells what it is (`text`, `image`, `toolUse`, …). */
export type Block = Readonly<Record<string, unknown>>

/** A turn of the conversation. */
export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: readonly Block[]
}

/** The conversation as the API wants it. */
export interface Conversation {
  readonly system: readonly Block[]
  readonly turns: readonly Turn[]
  /** The names of the tools that were called in it. */
  readonly called: readonly string[]
}
