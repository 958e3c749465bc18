import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { Call, Operation, OperationName, Provider, SseEvent } from '@llmproxy/provider-kit'
import { chunkSequenceProblems } from './chunk-sequence.ts'
import { createSseParser } from './sse-parser.ts'
import { callCreated, callId } from './subject.ts'
import { wireProblems } from './wire-validator.ts'

export interface RecordedOptions {
  /** A folder of `*.json` (whole 2xx bodies) and `*.chunks.txt` (one event's data on a line); other files are left out. */
  readonly folder: URL
  readonly provider: Provider
  readonly model: string
  /** What each file is an answer of; `undefined` leaves it out, with the reason on the console. Default: chat. */
  readonly operationOf?: (file: string) => OperationName | undefined
  /** One line as it came over the wire. Default: `data: …` and a blank line; for an operation with `framing` the line and its end. */
  readonly block?: (line: string) => Uint8Array
  /** What follows the last line; every entry must give the same answer. Default: `[DONE]`; for an operation with `framing` nothing. */
  readonly endings?: readonly string[]
}

/** One check of a recorded answer, ready to run with any test runner. Rejects with what is wrong. */
export interface RecordedCheck {
  readonly name: string
  readonly skipped?: string
  readonly run: () => void
}

/**
 * Replays what a vendor really answered through a provider that translates: whole answers have OpenAI's shape; streams give the same
 * chunks in one write, one write per event, one byte at a time, and cut at every byte (of long ones each event by itself). Nothing
 * there: one skipped check.
 */
export function recordedChecks(options: RecordedOptions): RecordedCheck[] {
  const { folder, operationOf = () => 'chat' } = options
  const files = existsSync(folder) ? readdirSync(folder).toSorted() : []
  if (files.length === 0) {
    const skipped = `there are no recordings of vendor answers in ${folder.pathname}`
    return [{ name: 'recorded answers', skipped, run: () => undefined }]
  }
  return files.map((file): RecordedCheck => {
    const name = `the recorded answer ${file} is read, however its bytes are cut`
    const operation = operationOf(file)
    if (operation === undefined)
      return { name, skipped: `${file} is not an answer of this API`, run: () => undefined }
    const read = file.endsWith('.json') ? whole : file.endsWith('.chunks.txt') ? streamed : undefined
    if (read === undefined)
      return { name, skipped: `${file} is neither *.json nor *.chunks.txt`, run: () => undefined }
    const text = readFileSync(new URL(file, folder), 'utf8')
    return { name, run: () => read(text, operation, options) }
  })
}

function whole(text: string, operation: OperationName, options: RecordedOptions): void {
  const body: unknown = JSON.parse(text)
  const codec = options.provider.operations[operation] as Operation | undefined
  const answer = codec?.response === undefined ? body : codec.response(body, call(options, operation, false))
  assertNone(wireProblems(operation, answer))
}

/** Bytes that all cuts of one recording may cost together. Single bytes are pieces of their own in any case. */
const mostBytes = 60_000_000

function streamed(text: string, operation: OperationName, options: RecordedOptions): void {
  const codec = options.provider.operations[operation] as Operation
  const framed = codec.framing !== undefined
  const { block = framed ? lineBlock : dataBlock, endings = framed ? [''] : ['data: [DONE]\n\n'] } = options
  const blocks = text.split('\n').filter(Boolean).map(block)
  let first: string | undefined
  for (const ending of endings) {
    const tail = ending === '' ? [] : [Buffer.from(ending)]
    const bytes = Buffer.concat([...blocks, ...tail])
    const events = eventsOf([bytes], codec)
    const chunks = decode(events, codec, call(options, operation, true))
    assertNone(chunkSequenceProblems(chunks, operation === 'completions' ? 'completions' : 'chat'))
    first ??= JSON.stringify(chunks)
    if (JSON.stringify(chunks) !== first)
      throw new Error(`other chunks with the ending ${JSON.stringify(ending)}`)
    const golden = JSON.stringify(events)
    // A decoder is a function of its events: the same events need not be decoded again.
    const same = (pieces: readonly Uint8Array[], how: string) => {
      if (JSON.stringify(eventsOf(pieces, codec)) !== golden) throw new Error(`other events ${how}`)
    }
    same([...blocks, ...tail], 'one write per event')
    same(singles(bytes), 'one byte at a time')
    const step = Math.max(1, Math.floor(bytes.length ** 2 / mostBytes))
    for (let cut = 1; cut < bytes.length; cut += step)
      same([bytes.subarray(0, cut), bytes.subarray(cut)], `cut at byte ${cut}`)
    if (step > 1) blocks.forEach((whole, at) => assertNone(cutProblems(whole, at, codec)))
  }
}

/** Nothing is carried over a blank line, so a cut inside one event of a long recording needs no more than that event. */
function cutProblems(whole: Uint8Array, at: number, codec: Operation): string[] {
  const golden = JSON.stringify(eventsOf([whole], codec))
  const problems: string[] = []
  for (let cut = 1; cut < whole.length; cut += 1) {
    if (JSON.stringify(eventsOf([whole.subarray(0, cut), whole.subarray(cut)], codec)) !== golden)
      problems.push(`other events when event ${at} is cut at its byte ${cut}`)
  }
  return problems
}

function eventsOf(pieces: readonly Uint8Array[], codec: Operation): readonly SseEvent[] {
  const framing = codec.framing?.({ eventBytes: 16 * 1024 * 1024 }) ?? createSseParser()
  return [...pieces.flatMap((piece) => framing.push(piece)), ...framing.end()]
}

function decode(events: readonly SseEvent[], codec: Operation, streamedCall: Call): readonly unknown[] {
  if (codec.stream === undefined) return relayed(events)
  const decoder = codec.stream(streamedCall)
  return [...events.flatMap((event) => decoder.event(event)), ...(decoder.end?.() ?? [])]
}

function relayed(events: readonly SseEvent[]): readonly unknown[] {
  return events.filter(({ data }) => data !== '[DONE]').map(({ data }): unknown => JSON.parse(data))
}

function call({ model }: RecordedOptions, operation: OperationName, stream: boolean): Call {
  const asked = {
    chat: { messages: [{ role: 'user', content: 'Hi' }] },
    messages: { messages: [{ role: 'user', content: 'Hi' }] },
    embeddings: { input: 'Hi' },
    completions: { prompt: 'Hi' },
    images: { prompt: 'Hi' },
    videos: { prompt: 'Hi' },
  }[operation]
  const body = { model, ...asked }
  return { id: callId, created: callCreated, model, stream, body, headers: {}, dropped: () => undefined }
}

function dataBlock(line: string): Uint8Array {
  return Buffer.from(`data: ${line}\n\n`)
}

function lineBlock(line: string): Uint8Array {
  return Buffer.from(`${line}\n`)
}

function singles(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length }, (_, at) => bytes.subarray(at, at + 1))
}

function assertNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}
