import type { ChatChoice, ChatChunk, ChatCompletion } from '@llmproxy/provider-kit'
import { collectChunks, type CollectedChoice } from './chunk-sequence.ts'
import { differences } from './difference.ts'
import { parseJson } from './subject.ts'

/** A tool call as a client reads it, without its id. */
export interface ReadToolCall {
  readonly name: string
  readonly arguments: string
}

/** An answer with tool calls, whole and put together from the chunks of a stream. */
export interface ToolCallAnswers {
  /** Those of the whole answer. In the stream their names are the same, and their arguments as JSON. */
  readonly calls: readonly ReadToolCall[]
  readonly message: ChatChoice['message']
  readonly streamed: CollectedChoice
}

/** Reads the tool calls of both. Throws when they are not alike, or when one did not end with `tool_calls`. */
export function readToolCalls(whole: ChatCompletion, chunks: readonly ChatChunk[]): ToolCallAnswers {
  const choice = whole.choices[0]
  const streamed = collectChunks(chunks).get(0)
  const reasons = [choice?.finish_reason, ...(streamed?.finishReasons ?? [])]
  if (choice === undefined || streamed === undefined || reasons.join() !== 'tool_calls,tool_calls')
    throw new Error(`whole and streamed end with ${reasons.join(' and ')}, not with tool_calls in both`)
  const functions = (choice.message.tool_calls ?? []).filter(({ type }) => type === 'function')
  const calls = functions.map((call) => read(call.function))
  const found = differences(calls.map(parsed), streamed.toolCalls.map(parsed), Object.is, 'calls')
  if (found.length > 0) throw new Error(`the streamed calls are not the whole ones: ${found.join('; ')}`)
  return { calls, message: choice.message, streamed }
}

function read({ name, arguments: text }: ReadToolCall): ReadToolCall {
  return { name, arguments: text }
}

/** Vendors write JSON with other white space in streams. A text that is no JSON stays as it is. */
function parsed({ name, arguments: text }: ReadToolCall): object {
  return { name, arguments: parseJson(text) ?? text }
}
