import type { SseEvent, StreamDecoder } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { finishReason } from './finish-reason.ts'
import { openaiFault } from './openai-fault.ts'
import type { ChatChunk, CompletionChunk, FinishReason } from './wire.ts'
import { parseJson } from './parse-json.ts'

/**
 * Reads a plain OpenAI chat stream. An error frame throws a `ProviderFault`, and so does a close before `[DONE]` or a
 * `finish_reason` (kind `bad_response`). Frames that are neither chunks nor errors are left out; of frames with nothing but usage
 * the last one is the last chunk.
 */
export function openaiDecoder(): StreamDecoder<ChatChunk> {
  return decoder<ChatChunk>()
}

/** {@link openaiDecoder} for a stream of legacy completions. */
export function openaiCompletionDecoder(): StreamDecoder<CompletionChunk> {
  return decoder<CompletionChunk>()
}

function decoder<Chunk>(): StreamDecoder<Chunk> {
  let done = false
  let finished = false
  // Totals so far: the last one counts, and only that one.
  let usage: Chunk | undefined
  const last = (): Chunk[] => (usage === undefined ? [] : [usage])
  return {
    event(event) {
      // Whatever follows `[DONE]` is not part of the answer.
      if (done) return []
      done = event.data.trim() === '[DONE]'
      if (done) return last()
      const frame = readFrame(event)
      if (!Array.isArray(frame.choices) && !isObject(frame.usage)) return []
      const choices = readChoices(frame.choices)
      finished ||= choices.some((choice) => choice.finish_reason !== null)
      const chunk = { ...frame, choices } as Chunk
      if (choices.length > 0 || !isObject(frame.usage)) return [chunk]
      usage = chunk
      return []
    },
    end() {
      if (done) return []
      if (finished) return last()
      throw bad('the upstream closed the stream before it was complete')
    },
  }
}

function readFrame({ event, data }: SseEvent): Record<string, unknown> {
  const frame = parseJson(data)
  if (!isObject(frame)) throw bad('the upstream sent an event that is not a JSON object')
  throwErrorBody(frame, data, event === 'error')
  return frame
}

/** The choices of a body or chunk with `finish_reason` normalised. Throws a `ProviderFault` when one of them broke off. */
export function readChoices(
  choices: unknown,
): (Record<string, unknown> & { finish_reason: FinishReason | null })[] {
  if (!Array.isArray(choices)) return []
  return choices.filter(isObject).map((choice) => {
    if (isObject(choice.error)) throwErrorBody({ error: choice.error }, JSON.stringify(choice.error), true)
    const verdict = finishReason(choice.finish_reason)
    if (verdict.kind === 'failure') {
      const message = `the upstream broke off with finish_reason "${verdict.raw}"`
      throw new ProviderFault({ kind: 'upstream', message, code: verdict.raw })
    }
    return { ...choice, finish_reason: verdict.kind === 'finish' ? verdict.reason : null }
  })
}

/** Throws the `ProviderFault` that an error inside a 2xx stands for; returns when `body` is none. */
export function throwErrorBody(body: Record<string, unknown>, text: string, isError = false): void {
  const error = body.error
  const found = isError || body.object === 'error' || typeof error === 'string' || isObject(error)
  if (found) throw new ProviderFault(openaiFault({ status: 200, headers: {}, body, text, inBand: true }))
}

function bad(message: string): ProviderFault {
  return new ProviderFault({ kind: 'bad_response', message })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
