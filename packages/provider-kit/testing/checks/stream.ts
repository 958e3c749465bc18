import type { SseEvent } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { chunkSequenceProblems, isUsageChunk } from '../chunk-sequence.ts'
import { differences, notJson } from '../difference.ts'
import { formatSse } from '../sse-parser.ts'
import {
  answerBytes,
  decode,
  eventsOf,
  openCases,
  openDecoder,
  type OpenCase,
  readEvents,
  type Subject,
  thrownText,
} from '../subject.ts'

export const streamChecks: readonly CheckDefinition[] = [
  {
    group: 'stream',
    name: 'stream() gives the chunks of chunks.json',
    why: 'The client must get the whole answer.',
    find: (subject) => eachStream(subject, goldenProblems),
  },
  {
    group: 'stream',
    name: 'streams are what OpenAI clients expect: one role, dense tool calls, one finish reason, one id',
    why: 'Clients put a message together from these chunks and trust their order.',
    find: (subject) => eachStream(subject, sequenceProblems),
  },
  {
    group: 'stream',
    name: 'streams decode alike however their bytes are cut, at every byte and one byte at a time',
    why: 'Networks cut anywhere, also inside a character.',
    find: (subject) => eachStream(subject, splitProblems),
  },
  {
    group: 'stream',
    name: 'two streams decoded in turns do not mix',
    why: 'State that is shared between streams hands one client the words of another.',
    find: interleavingProblems,
  },
  {
    group: 'stream',
    name: 'unknown events and pings are ignored wherever they come',
    why: 'Vendors add events without notice.',
    find: (subject) => eachStream(subject, unknownEventProblems),
  },
  {
    group: 'stream',
    name: 'usage is in the stream when the vendor reports it in a whole answer',
    why: 'Accounting and clients that ask for usage depend on it.',
    find: usageProblems,
  },
]

/** A translated stream that ends well. */
export function isStream({ fixture, operation }: OpenCase): boolean {
  return fixture.upstream?.sse === true && fixture.fault === undefined && operation.stream !== undefined
}

async function eachStream(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  return (await openCases(subject, isStream)).flatMap((open) =>
    find(open).map((problem) => `${open.fixture.name}: ${problem}`),
  )
}

/** The chunks of an undisturbed stream; throws what the decoder threw. */
export function chunksOf(open: OpenCase, events: readonly SseEvent[] = eventsOf(open)): readonly unknown[] {
  const { chunks, thrown, thrownAt } = decode(open, events)
  if (thrown === undefined) return chunks
  const place =
    thrownAt === events.length ? 'end()' : `event ${thrownAt} (${JSON.stringify(events[thrownAt ?? 0])})`
  throw new Error(`${open.fixture.name}: ${place} threw ${thrownText(thrown)}`)
}

function goldenProblems(open: OpenCase): string[] {
  const found = chunksOf(open)
  const golden = open.fixture.chunks
  return golden === undefined
    ? [`chunks.json is missing; found ${JSON.stringify(found)}`]
    : differences(golden, found, Object.is, 'chunk')
}

function sequenceProblems(open: OpenCase): string[] {
  const found = chunksOf(open)
  const { operation } = open.fixture
  if (operation !== 'chat' && operation !== 'completions') return [`${operation} cannot be streamed`]
  return [...notJson(found, 'chunk'), ...chunkSequenceProblems(found, operation)]
}

/**
 * The parser reads the bytes at every cut. A decoder is a function of its events, so it is fed again whenever the parser
 * gave other events than before.
 */
function splitProblems(open: OpenCase): string[] {
  const bytes = answerBytes(open.fixture)
  const golden = JSON.stringify(chunksOf(open))
  const fed = new Set<string>()
  const problems: string[] = []
  const feed = (pieces: Iterable<Uint8Array>, how: string): void => {
    const { events, thrown } = readEvents(open, pieces)
    if (thrown !== undefined) problems.push(`framing() threw ${thrownText(thrown)} when ${how}`)
    const key = JSON.stringify(events)
    if (thrown !== undefined || fed.has(key)) return
    fed.add(key)
    if (JSON.stringify(chunksOf(open, events)) !== golden) problems.push(`other chunks when ${how}`)
  }
  for (let at = 0; at <= bytes.length; at += 1)
    feed([bytes.subarray(0, at), bytes.subarray(at)], `cut at byte ${at}`)
  feed(singleBytes(bytes), 'fed one byte at a time')
  return problems
}

function* singleBytes(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1) yield bytes.subarray(at, at + 1)
}

async function interleavingProblems(subject: Subject): Promise<string[]> {
  const streams = await openCases(subject, isStream)
  return streams.flatMap((first, index) => {
    const second = streams[(index + 1) % streams.length] ?? first
    // Both streams through one operation where that is possible: this is where shared state would sit. Other options may mean
    // another wire format.
    const alike =
      second.fixture.operation === first.fixture.operation &&
      JSON.stringify(second.fixture.options) === JSON.stringify(first.fixture.options)
    const other = alike ? { ...second, operation: first.operation } : second
    const golden = [chunksOf(first), chunksOf(second)]
    const decoders = [openDecoder(first), openDecoder(other)]
    const events = [eventsOf(first), eventsOf(second)]
    const found: unknown[][] = [[], []]
    const longest = Math.max(...events.map((list) => list.length))
    for (let at = 0; at < longest; at += 1) {
      for (const side of [0, 1]) {
        const event = events[side]?.[at]
        if (event !== undefined) found[side]?.push(...(decoders[side]?.event(event) ?? []))
      }
    }
    for (const side of [0, 1]) found[side]?.push(...(decoders[side]?.end?.() ?? []))
    return differences(golden, found).length === 0
      ? []
      : [`${first.fixture.name} and ${second.fixture.name} mix`]
  })
}

const strangers: readonly SseEvent[] = [
  { event: 'conformance_unknown', data: '{"type":"conformance_unknown"}' },
  { data: '{"type":"conformance_unknown"}' },
  { event: 'ping', data: '{"type":"ping"}' },
]

function unknownEventProblems(open: OpenCase): string[] {
  const events = eventsOf(open)
  const golden = JSON.stringify(chunksOf(open))
  const problems: string[] = []
  for (const stranger of strangers) {
    for (let at = 0; at <= events.length; at += 1) {
      const { chunks, thrown } = decode(open, events.toSpliced(at, 0, stranger))
      const shown = formatSse(stranger).toString().trim().replaceAll('\n', ' ')
      if (thrown !== undefined) problems.push(`${shown} before event ${at} threw ${thrownText(thrown)}`)
      else if (JSON.stringify(chunks) !== golden)
        problems.push(`${shown} before event ${at} changed the chunks`)
    }
  }
  return problems
}

async function usageProblems(subject: Subject): Promise<string[]> {
  const streams = await openCases(subject, isStream)
  const reported = subject.fixtures.cases.some(
    ({ response }) =>
      typeof response === 'object' && response !== null && 'usage' in response && response.usage !== null,
  )
  if (!reported || streams.length === 0) return []
  const supported = streams.filter(({ provider }) => provider.supports?.stream_usage !== false)
  if (supported.length === 0) return []
  const withUsage = supported.filter((open) => chunksOf(open).some((chunk) => hasUsage(chunk)))
  return withUsage.length > 0 ? [] : ['whole answers have usage, no stream has']
}

function hasUsage(chunk: unknown): boolean {
  const usage = (chunk as { usage?: unknown } | null)?.usage
  return isUsageChunk(chunk) || (usage !== undefined && usage !== null)
}
