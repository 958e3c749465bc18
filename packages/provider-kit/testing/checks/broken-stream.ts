import { ProviderFault, type SseEvent } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { type CollectedChoice, collectChunks } from '../chunk-sequence.ts'
import { differences } from '../difference.ts'
import {
  answerBytes,
  decode,
  decodeAnswer,
  type Decoded,
  eventsOf,
  openCases,
  type OpenCase,
  readEvents,
  type Subject,
  thrownText,
} from '../subject.ts'
import { faultProblems } from '../fault-difference.ts'
import { chunksOf, isStream } from './stream.ts'

export const brokenStreamChecks: readonly CheckDefinition[] = [
  {
    group: 'stream',
    name: 'a stream that is cut between events throws, unless the whole answer had arrived',
    why: 'Half an answer that looks whole is the worst thing a gateway can hand out.',
    find: async (subject) => (await openCases(subject, isStream)).flatMap(truncationProblems),
  },
  {
    group: 'stream',
    name: 'a stream that fails is classified as fault.json says',
    why: 'The kind decides whether another provider is asked.',
    find: failedStreamProblems,
  },
  {
    group: 'stream',
    name: 'an error event throws a ProviderFault as the first event and at every later place',
    why: 'A failure must not end in an answer without words.',
    find: errorEventProblems,
  },
]

function truncationProblems(open: OpenCase): string[] {
  const events = eventsOf(open)
  const { chunks, origins } = decode(open, events)
  const whole = collectChunks(chunks)
  const must = lastPlaceThatMustThrow(open, events, origins)
  const problems: string[] = []
  for (let length = 0; length < events.length; length += 1) {
    const found = decode(open, events.slice(0, length))
    const problem = truncatedProblem(found, whole, length <= must)
    if (problem !== undefined)
      problems.push(`${open.fixture.name}: cut after ${length} of ${events.length} events: ${problem}`)
  }
  return problems
}

function truncatedProblem(
  found: Decoded,
  whole: ReadonlyMap<number, CollectedChoice>,
  mustThrow: boolean,
): string | undefined {
  if (found.thrown !== undefined) {
    return ProviderFault.is(found.thrown)
      ? undefined
      : `threw ${thrownText(found.thrown)} instead of a ProviderFault`
  }
  if (mustThrow) return 'nothing was thrown: an unfinished answer looks complete'
  const missing = differences([...whole], [...collectChunks(found.chunks)])
  return missing.length === 0
    ? undefined
    : `nothing was thrown, and a part of the answer is missing: ${missing[0]}`
}

/** No ending may be made up: as long as the event has not come that lets the decoder name a finish reason, a cut must throw. */
function lastPlaceThatMustThrow(
  open: OpenCase,
  events: readonly SseEvent[],
  origins: readonly number[],
): number {
  const chunks = chunksOf(open)
  const finishing = chunks.findLastIndex((chunk) =>
    [...collectChunks([chunk]).values()].some(({ finishReasons }) => finishReasons.length > 0),
  )
  const finish = origins[finishing] ?? 0
  if (finish < events.length) return finish
  // The finish reason is given by end(). It was known at the latest with the last event that is not [DONE]: without that
  // event the cut must throw, unless that event carried content too.
  const lastContent = Math.max(0, ...origins.filter((origin) => origin < events.length))
  const lastEvent = events.findLastIndex((event) => event.data !== '[DONE]')
  return lastContent === lastEvent ? lastContent : lastContent + 1
}

async function failedStreamProblems(subject: Subject): Promise<string[]> {
  return (await failedStreams(subject)).flatMap((open) => {
    const { fixture } = open
    const { chunks, ...result } = decodeAnswer(open)
    const problems = faultProblems(fixture, result.thrown === undefined ? undefined : result)
    if (fixture.chunks !== undefined)
      problems.push(...differences(fixture.chunks, chunks, Object.is, 'chunk'))
    return problems.map((problem) => `${fixture.name}: ${problem}`)
  })
}

/** The translated streams that end in a fault. */
function failedStreams(subject: Subject): Promise<OpenCase[]> {
  return openCases(
    subject,
    ({ fixture, operation }) =>
      fixture.fault !== undefined && fixture.upstream?.sse === true && operation.stream !== undefined,
  )
}

async function errorEventProblems(subject: Subject): Promise<string[]> {
  const streams = await openCases(subject, isStream)
  if (streams.length === 0) return []
  const failing = (await failedStreams(subject)).flatMap((open) => {
    const { events } = readEvents(open, [answerBytes(open.fixture)])
    const { thrownAt = events.length } = decode(open, events)
    return events[thrownAt] === undefined ? [] : [{ event: events[thrownAt], first: thrownAt === 0 }]
  })
  if (!failing.some(({ first }) => first)) {
    return ['no fixture (upstream.sse beside fault.json) has the vendor’s error event as its first event']
  }
  const shortest = streams.toSorted((a, b) => eventsOf(a).length - eventsOf(b).length)[0] as OpenCase
  const events = eventsOf(shortest).filter((event) => event.data !== '[DONE]')
  return failing.flatMap(({ event }) =>
    events.flatMap((_, at) => {
      const { thrown, thrownAt } = decode(shortest, events.toSpliced(at, 0, event))
      if (ProviderFault.is(thrown) && thrownAt === at) return []
      const found =
        thrown === undefined ? 'nothing was thrown' : `event ${thrownAt} threw ${thrownText(thrown)}`
      return [`${shortest.fixture.name} with ${event.data} before event ${at}: ${found}`]
    }),
  )
}
