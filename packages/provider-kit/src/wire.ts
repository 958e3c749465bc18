/**
 * OpenAI wire shapes as far as the gateway and translating providers read them. Requests keep unknown members
 * (`[extra: string]: unknown`): what we do not know is passed on, never removed.
 */

export interface ChatRequest {
  model: string
  messages: ChatMessage[]
  stream?: boolean | null
  stream_options?: { include_usage?: boolean | null; [extra: string]: unknown } | null
  max_tokens?: number | null
  max_completion_tokens?: number | null
  temperature?: number | null
  top_p?: number | null
  n?: number | null
  stop?: string | string[] | null
  seed?: number | null
  frequency_penalty?: number | null
  presence_penalty?: number | null
  logit_bias?: Record<string, number> | null
  logprobs?: boolean | null
  top_logprobs?: number | null
  user?: string | null
  tools?: Tool[] | null
  tool_choice?: ToolChoice | null
  parallel_tool_calls?: boolean | null
  response_format?: ResponseFormat | null
  reasoning_effort?: string | null
  service_tier?: string | null
  metadata?: Record<string, string> | null
  [extra: string]: unknown
}

export type ChatMessage = SystemMessage | UserMessage | AssistantMessage | ToolMessage | FunctionMessage

export interface SystemMessage {
  role: 'system' | 'developer'
  content: string | TextPart[]
  name?: string
  [extra: string]: unknown
}

export interface UserMessage {
  role: 'user'
  content: string | ContentPart[]
  name?: string
  [extra: string]: unknown
}

export interface AssistantMessage {
  role: 'assistant'
  content?: string | (TextPart | RefusalPart)[] | null
  tool_calls?: ToolCall[] | null
  refusal?: string | null
  name?: string
  [extra: string]: unknown
}

export interface ToolMessage {
  role: 'tool'
  content: string | ContentPart[]
  tool_call_id: string
  [extra: string]: unknown
}

/** Deprecated by OpenAI, still sent by old clients. */
export interface FunctionMessage {
  role: 'function'
  name: string
  content: string | null
  [extra: string]: unknown
}

export interface TextPart {
  type: 'text'
  text: string
  [extra: string]: unknown
}

export interface RefusalPart {
  type: 'refusal'
  refusal: string
}

export interface ImagePart {
  type: 'image_url'
  image_url: { url: string; detail?: string; [extra: string]: unknown }
  [extra: string]: unknown
}

export interface AudioPart {
  type: 'input_audio'
  input_audio: { data: string; format: string }
  [extra: string]: unknown
}

export interface FilePart {
  type: 'file'
  file: { file_id?: string; filename?: string; file_data?: string }
  [extra: string]: unknown
}

export type ContentPart = TextPart | ImagePart | AudioPart | FilePart

export interface Tool {
  type: string
  function?: {
    name: string
    description?: string
    parameters?: Record<string, unknown>
    strict?: boolean | null
    [extra: string]: unknown
  }
  [extra: string]: unknown
}

export type ToolChoice =
  | 'none'
  | 'auto'
  | 'required'
  | { type: string; function?: { name: string }; [extra: string]: unknown }

export interface ResponseFormat {
  type: string
  json_schema?: {
    name?: string
    schema?: Record<string, unknown>
    strict?: boolean | null
    description?: string
  }
  [extra: string]: unknown
}

export interface ToolCall {
  id: string
  type: string
  function: { name: string; arguments: string }
  [extra: string]: unknown
}

/** The only values that leave the gateway. */
export const finishReasons = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'] as const
export type FinishReason = (typeof finishReasons)[number]

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: ChatChoice[]
  usage?: Usage | null
  [extra: string]: unknown
}

export interface ChatChoice {
  index: number
  message: {
    role: 'assistant'
    content: string | null
    refusal?: string | null
    tool_calls?: ToolCall[]
    /** Extension: the model's reasoning, never part of `content`. */
    reasoning_content?: string
    [extra: string]: unknown
  }
  finish_reason: FinishReason | null
  logprobs?: unknown
  [extra: string]: unknown
}

export interface ChatChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  choices: ChunkChoice[]
  usage?: Usage | null
  [extra: string]: unknown
}

export interface ChunkChoice {
  index: number
  delta: ChunkDelta
  finish_reason: FinishReason | null
  logprobs?: unknown
  [extra: string]: unknown
}

export interface ChunkDelta {
  role?: 'assistant'
  content?: string | null
  refusal?: string | null
  reasoning_content?: string
  tool_calls?: ToolCallDelta[]
  [extra: string]: unknown
}

export interface ToolCallDelta {
  /** Dense from 0 per choice. */
  index: number
  id?: string
  type?: string
  function?: { name?: string; arguments?: string }
  [extra: string]: unknown
}

/** Token counts. `prompt_tokens` includes cached tokens, `completion_tokens` includes reasoning tokens. */
export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number; cache_write_tokens?: number; [extra: string]: unknown }
  completion_tokens_details?: { reasoning_tokens?: number; [extra: string]: unknown }
  [extra: string]: unknown
}

export interface CompletionRequest {
  model: string
  prompt: string | string[] | number[] | number[][]
  stream?: boolean | null
  stream_options?: { include_usage?: boolean | null; [extra: string]: unknown } | null
  suffix?: string | null
  max_tokens?: number | null
  temperature?: number | null
  top_p?: number | null
  n?: number | null
  stop?: string | string[] | null
  echo?: boolean | null
  best_of?: number | null
  logprobs?: number | null
  [extra: string]: unknown
}

export interface Completion {
  id: string
  object: 'text_completion'
  created: number
  model: string
  choices: CompletionChoice[]
  usage?: Usage | null
  [extra: string]: unknown
}

export interface CompletionChoice {
  index: number
  text: string
  logprobs?: unknown
  finish_reason: FinishReason | null
  [extra: string]: unknown
}

/** A streamed completion has the shape of a whole one. */
export type CompletionChunk = Completion

export interface EmbeddingsRequest {
  model: string
  input: string | string[] | number[] | number[][]
  dimensions?: number | null
  encoding_format?: 'float' | 'base64' | null
  user?: string | null
  [extra: string]: unknown
}

export interface EmbeddingsResponse {
  object: 'list'
  data: { object: 'embedding'; index: number; embedding: number[] | string; [extra: string]: unknown }[]
  model: string
  usage?: { prompt_tokens: number; total_tokens: number; [extra: string]: unknown }
  [extra: string]: unknown
}

export interface ImageRequest {
  model: string
  prompt: string
  n?: number | null
  size?: string | null
  response_format?: 'url' | 'b64_json' | null
  [extra: string]: unknown
}

export interface ImageResponse {
  created: number
  data: { url?: string; b64_json?: string; revised_prompt?: string; [extra: string]: unknown }[]
  [extra: string]: unknown
}

export interface VideoRequest {
  model: string
  prompt: string
  [extra: string]: unknown
}

export interface VideoResponse {
  created?: number
  data?: { url?: string; [extra: string]: unknown }[]
  [extra: string]: unknown
}

/** The Messages dialect, which is relayed as bytes: only what routing reads is named. */
export interface MessagesRequest {
  model: string
  messages: { role: string; content: unknown; [extra: string]: unknown }[]
  max_tokens?: number
  stream?: boolean | null
  [extra: string]: unknown
}

export interface MessagesResponse {
  content: unknown[]
  [extra: string]: unknown
}

/** The body of every error answer. */
export interface ErrorEnvelope {
  error: {
    message: string
    type: string
    param: string | null
    code: string | null
    details?: unknown
  }
}
