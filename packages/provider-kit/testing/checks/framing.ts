import { ProviderFault } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import {
  answerBytes,
  attempt,
  decodeAnswer,
  openCases,
  openFraming,
  type OpenCase,
  type Subject,
  thrownText,
} from '../subject.ts'
import { isStream } from './stream.ts'

export const framingChecks: readonly CheckDefinition[] = [
  {
    group: 'stream',
    name: 'framing() throws a ProviderFault of kind bad_response for an event above the limit and for a cut one',
    why: 'Half an event is no event, and memory ends.',
    find: (subject) => eachFramed(subject, (open) => [...limitProblems(open), ...cutProblems(open)]),
  },
  {
    group: 'stream',
    name: 'framing() never fails with anything but a ProviderFault, whatever the bytes',
    why: 'A TypeError would be taken for a bug of the gateway.',
    find: (subject) => eachFramed(subject, noiseProblems),
  },
]

async function eachFramed(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  const framed = await openCases(subject, (one) => isStream(one) && one.operation.framing !== undefined)
  return framed.flatMap((open) => find(open).map((problem) => `${open.fixture.name}: ${problem}`))
}

/** With a limit of one byte less than its largest event has at least, no stream can be read. */
function limitProblems(open: OpenCase): string[] {
  const bytes = answerBytes(open.fixture)
  const result = attempt(() => {
    const framing = openFraming(open, 8)
    // In pieces: a frame that is too large must be refused before all of it is there.
    for (let at = 0; at < bytes.length; at += 8) framing.push(bytes.subarray(at, at + 8))
    framing.end()
  })
  return faultProblems('with a limit of 8 bytes', result)
}

/** Cut at any byte but between two events. */
function cutProblems(open: OpenCase): string[] {
  const bytes = answerBytes(open.fixture)
  const places = new Set(eventEnds(open))
  const last = Math.max(...places)
  const whole = JSON.stringify(decodeAnswer(open).chunks)
  const problems: string[] = []
  for (let at = 1; at < last; at += 1) {
    if (places.has(at)) continue
    const { thrown, chunks } = decodeAnswer(open, bytes.subarray(0, at))
    // Only the mark behind the last event is missing.
    if (thrown === undefined && JSON.stringify(chunks) === whole) continue
    if (!ProviderFault.is(thrown) || thrown.fault.kind !== 'bad_response')
      problems.push(`cut at byte ${at}: ${thrown === undefined ? 'nothing was thrown' : thrownText(thrown)}`)
  }
  return problems.slice(0, 3)
}

/** The places behind each event. */
function eventEnds(open: OpenCase): number[] {
  const bytes = answerBytes(open.fixture)
  const framing = openFraming(open)
  const places: number[] = []
  for (let at = 0; at < bytes.length; at += 1)
    if (framing.push(bytes.subarray(at, at + 1)).length > 0) places.push(at + 1)
  return places
}

/** Each byte in its turn is another one; the stream may still be read, or not. */
function noiseProblems(open: OpenCase): string[] {
  const bytes = answerBytes(open.fixture)
  const problems: string[] = []
  for (let at = 0; at < bytes.length; at += 1) {
    const broken = Uint8Array.from(bytes)
    broken[at] = (broken[at] ?? 0) ^ 0xff
    const { thrown } = decodeAnswer(open, broken)
    if (thrown !== undefined && !ProviderFault.is(thrown))
      problems.push(`with another byte ${at}: ${thrownText(thrown)}`)
  }
  return problems.slice(0, 3)
}

function faultProblems(how: string, result: { readonly thrown?: unknown }): string[] {
  if (result.thrown === undefined) return [`${how}: nothing was thrown`]
  return ProviderFault.is(result.thrown) && result.thrown.fault.kind === 'bad_response'
    ? []
    : [`${how}: threw ${thrownText(result.thrown)}`]
}
