import { isObject, type JsonObject } from './schema-instance.ts'

/** What a vendor counts against the window of a model, in tokens. */
export interface PromptSize {
  /** Messages with their tool calls, or the prompt. */
  readonly messages: number
  /** Definitions of tools, and the schema of the answer. */
  readonly functions: number
  /** The answer that the request asks for; 0 where it names no limit. */
  readonly answer: number
}

/** How many characters one token has. */
export type Density = 2 | 4

const perMessage = 4
const answerStart = 3
/** An image, a file or a piece of audio, whatever its bytes. */
const perAttachment = 85

/** Counts a checked body of chat completions: everything in it that a model reads. */
export function chatSize(body: JsonObject, density: Density): PromptSize {
  const messages = body.messages as readonly JsonObject[]
  const sizes = messages.map((message) => {
    const calls: readonly unknown[] = Array.isArray(message.tool_calls) ? message.tool_calls : []
    const called = calls.map((call) => (isObject(call) ? written(call.function) : ''))
    const said = `${words(message.name)}${called.join('')}${written(message.function_call)}`
    return perMessage + contentTokens(message.content, density) + tokensIn(said, density)
  })
  return {
    messages: sum(sizes) + answerStart,
    functions: definitions([body.tools, body.functions, body.response_format], density),
    answer: limit(body.max_completion_tokens ?? body.max_tokens),
  }
}

/** Counts a checked Messages body. */
export function messagesSize(body: JsonObject, density: Density): PromptSize {
  const messages = body.messages as readonly JsonObject[]
  const sizes = messages.map((message) => perMessage + contentTokens(message.content, density))
  return {
    messages: sum(sizes) + contentTokens(body.system, density),
    functions: definitions([body.tools, body.output_config], density),
    answer: limit(body.max_tokens),
  }
}

/** Counts a checked body of legacy completions: its longest prompt, since each has a window of its own. */
export function promptsSize(prompts: readonly string[], body: JsonObject, density: Density): PromptSize {
  const sizes = prompts.map((prompt) => tokensIn(prompt, density))
  return { messages: Math.max(0, ...sizes), functions: 0, answer: limit(body.max_tokens) }
}

function contentTokens(content: unknown, density: Density): number {
  if (!Array.isArray(content)) return tokensIn(words(content), density)
  return sum(
    content.map((part: unknown) => {
      if (!isObject(part)) return 0
      // A tool's result on the Messages wire has parts of its own.
      if (part.type === 'tool_result') return contentTokens(part.content, density)
      if (part.type === 'tool_use') return tokensIn(written({ name: part.name, input: part.input }), density)
      const text = words(part.text) || words(part.refusal) || words(part.thinking)
      return text === '' && part.type !== 'text' ? perAttachment : tokensIn(text, density)
    }),
  )
}

function definitions(members: readonly unknown[], density: Density): number {
  return tokensIn(members.map(written).join(''), density)
}

function tokensIn(text: string, density: Density): number {
  return Math.ceil(text.length / density)
}

function written(value: unknown): string {
  return value === undefined || value === null ? '' : JSON.stringify(value)
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function limit(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0)
}
