export { isObject } from '@llmproxy/provider-kit'

/** Shapes of the Messages API as far as this package reads or writes them. Unknown members survive. */

/** A content block. `type` tells them apart; members that are not known here are carried along untouched. */
export interface Block {
  readonly type: string
  readonly [extra: string]: unknown
}

/** A turn of the conversation. Content is always an array, so that a growing turn keeps its serialised prefix. */
export interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: Block[]
}

/** The conversation as the API wants it. */
export interface Conversation {
  readonly system: Block[]
  readonly turns: Turn[]
}

/** A client tool, or one of the vendor's own (`type` other than `custom`). */
export interface ToolDefinition {
  readonly name: string
  readonly description?: string
  readonly input_schema?: Readonly<Record<string, unknown>>
  readonly strict?: boolean
  readonly [extra: string]: unknown
}

/** Which tools the model may call. */
export interface ToolChoiceParam {
  readonly type: 'auto' | 'any' | 'none' | 'tool'
  readonly name?: string
  readonly disable_parallel_tool_use?: boolean
}

/** Token counts of one answer; absent and `null` both mean "not told". `input_tokens` excludes the cache. */
export interface RawUsage {
  readonly input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
  readonly cache_read_input_tokens?: number | null
  readonly output_tokens?: number | null
  readonly output_tokens_details?: { readonly thinking_tokens?: number | null } | null
  readonly iterations?: readonly RawIteration[] | null
}

/** One step of an answer that the vendor made in several. */
export interface RawIteration {
  readonly type?: string
  readonly input_tokens?: number | null
  readonly cache_creation_input_tokens?: number | null
  readonly cache_read_input_tokens?: number | null
  readonly output_tokens?: number | null
}

/** A JSON object of unknown members. */
export type JsonObject = Readonly<Record<string, unknown>>
