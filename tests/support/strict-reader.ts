import { chunkSequenceProblems, collectChunks, wireProblems } from '@llmproxy/provider-kit/testing'
import type { Reading } from './reading.ts'

/** What a whole stream of the chat or completions dialect consists of. */
export interface StrictStream {
  readonly chunks: readonly unknown[]
  /** The last frame of a stream that failed. */
  readonly error: Readonly<Record<string, unknown>> | undefined
  readonly keepalives: number
}

/**
 * Splits a stream by the narrowest reading of the dialect: only `data: ` frames on one line each and `: keepalive`
 * comments, each with a blank line; every frame fits the schema; one `[DONE]` at the end, or one error frame instead.
 * Throws with everything that is wrong.
 */
export function readStrictly(text: string, operation: 'chat' | 'completions' = 'chat'): StrictStream {
  const problems: string[] = []
  const frames: unknown[] = []
  let keepalives = 0
  let done = 0
  if (text.includes('\uFFFD') || text.includes('\r') || text.startsWith('\uFEFF'))
    problems.push('damaged characters, CR or a byte order mark')
  if (!text.endsWith('\n\n')) problems.push('the last frame has no blank line')
  for (const block of text.split('\n\n').slice(0, -1)) {
    if (block === ': keepalive') keepalives++
    else if (done > 0) problems.push(`after [DONE]: ${block}`)
    else if (block === 'data: [DONE]') done++
    else if (/^data: \{[^\n]*$/.test(block)) frames.push(JSON.parse(block.slice('data: '.length)))
    else problems.push(`not a frame of the dialect: ${JSON.stringify(block)}`)
  }
  const error = errorOf(frames.at(-1))
  const chunks = error === undefined ? frames : frames.slice(0, -1)
  if (error === undefined) {
    problems.push(...chunkSequenceProblems(chunks, operation))
    if (done !== 1) problems.push(`${done} [DONE] in a stream without an error`)
  } else {
    for (const chunk of chunks) problems.push(...wireProblems(`${operation}.chunk`, chunk))
    problems.push(...wireProblems('error', frames.at(-1)))
    if (done !== 0) problems.push('[DONE] after an error')
    if (finishReasons(chunks).length > 0) problems.push('a finish reason in a stream that failed')
  }
  for (const chunk of chunks) {
    const { choices, usage } = chunk as { choices?: readonly unknown[]; usage?: unknown }
    // Clients that add chunks up would count it again.
    if (choices?.length !== 0 && usage !== undefined && usage !== null) problems.push('usage beside choices')
  }
  if (problems.length > 0) throw new Error(`${problems.join('\n')}\nin the stream:\n${text}`)
  return { chunks, error, keepalives }
}

/** The strict reading of a chat stream, as a client would see it. Throws an error frame's message. */
export function strictReading(text: string): Reading {
  const { chunks, error } = readStrictly(text)
  if (error !== undefined) throw new StreamFailed(String(error['message']))
  const choice = collectChunks(chunks).get(0)!
  return {
    text: choice.content,
    reasoning: choice.reasoning,
    toolCalls: choice.toolCalls.map(({ name, arguments: text }) => ({ name, arguments: text })),
    finish: choice.finishReasons[0] ?? null,
  }
}

/** What the readers of this suite throw for an error that stands in a stream. */
export class StreamFailed extends Error {}

function errorOf(frame: unknown): Readonly<Record<string, unknown>> | undefined {
  return (frame as { error?: Readonly<Record<string, unknown>> } | undefined)?.error
}

function finishReasons(chunks: readonly unknown[]): readonly string[] {
  return [...collectChunks(chunks).values()].flatMap((choice) => choice.finishReasons)
}
