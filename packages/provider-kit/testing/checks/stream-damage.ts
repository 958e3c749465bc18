import { ProviderFault, type SseEvent } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import {
  chunkSequenceProblems,
  type CollectedChoice,
  collectChunks,
  isUsageChunk,
} from '../chunk-sequence.ts'
import { differences } from '../difference.ts'
import {
  decode,
  type Decoded,
  eventsOf,
  openCases,
  type OpenCase,
  type Subject,
  thrownText,
} from '../subject.ts'
import { chunksOf, isStream } from './stream.ts'

export const damagedStreamChecks: readonly CheckDefinition[] = [
  {
    group: 'stream',
    name: 'a first event without content that comes twice changes nothing',
    why: 'Vendors repeat the beginning of a stream; clients add up what comes twice.',
    find: (subject) => eachStream(subject, repeatedStartProblems),
  },
  {
    group: 'stream',
    name: 'whichever event comes twice, there is one usage chunk at most, and its counts are not added up',
    why: 'Counts in streams are totals so far: the last one is right, their sum never is.',
    find: (subject) => eachStream(subject, repeatedUsageProblems),
  },
]

async function eachStream(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  return (await openCases(subject, isStream)).flatMap((open) =>
    find(open).map((problem) => `${open.fixture.name}: ${problem}`),
  )
}

/** The events with one of them doubled. */
function doubled(events: readonly SseEvent[], at: number): readonly SseEvent[] {
  return [...events.slice(0, at + 1), ...events.slice(at)]
}

/** That the stream is damaged may be said. */
function isRefused({ thrown }: Decoded): boolean {
  return ProviderFault.is(thrown) && thrown.fault.kind === 'bad_response'
}

function repeatedStartProblems(open: OpenCase): string[] {
  const events = eventsOf(open)
  if (startSays(open, events)) return []
  const found = decode(open, doubled(events, 0))
  if (isRefused(found)) return []
  if (found.thrown !== undefined) return [`threw ${thrownText(found.thrown)}`]
  const { operation } = open.fixture
  return [
    ...differences([...collectChunks(chunksOf(open))], [...collectChunks(found.chunks)]),
    ...chunkSequenceProblems(found.chunks, operation === 'completions' ? operation : 'chat'),
  ]
}

/** Whether the first event carries a part of the answer: its own chunks do, or the answer is another one without it. */
function startSays(open: OpenCase, events: readonly SseEvent[]): boolean {
  const begun = decode(open, events.slice(0, 1))
  if ([...collectChunks(begun.chunks).values()].some(says)) return true
  const rest = decode(open, events.slice(1))
  return rest.thrown === undefined && contentOf(rest.chunks) !== contentOf(chunksOf(open))
}

function contentOf(chunks: readonly unknown[]): string {
  const choices = [...collectChunks(chunks)].map(([index, { roles: _roles, ...said }]) => [index, said])
  return JSON.stringify(choices)
}

/** A part of the answer has come. */
export function says({ content, refusal, reasoning, toolCalls, finishReasons }: CollectedChoice): boolean {
  return content + refusal + reasoning !== '' || toolCalls.length > 0 || finishReasons.length > 0
}

function repeatedUsageProblems(open: OpenCase): string[] {
  const events = eventsOf(open)
  const golden = JSON.stringify(usageOf(chunksOf(open)))
  return events.flatMap((event, at) => {
    const found = decode(open, doubled(events, at))
    if (isRefused(found)) return []
    const shown = `with ${event.data.slice(0, 80)} twice`
    if (found.thrown !== undefined) return [`${shown}: threw ${thrownText(found.thrown)}`]
    const usage = JSON.stringify(usageOf(found.chunks))
    return usage === golden ? [] : [`${shown}: the usage is ${usage} instead of ${golden}`]
  })
}

function usageOf(chunks: readonly unknown[]): unknown[] {
  return chunks.filter(isUsageChunk).map((chunk) => (chunk as { usage: unknown }).usage)
}
