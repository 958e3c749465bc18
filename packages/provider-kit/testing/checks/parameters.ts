import { type ChatParameter, chatParameters, ProviderFault } from '@llmproxy/provider-kit'
import { chatParameterSamples, companions } from '../chat-parameter-samples.ts'
import type { CheckDefinition } from '../check.ts'
import type { FixtureCase, JsonObject } from '../fixture.ts'
import { attempt, callOf, openCases, type OpenCase, type Subject, thrownText } from '../subject.ts'
import { sentBody } from './request.ts'

export const parameterChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'every chat parameter is forwarded, mapped, reported or refused, whatever the options and the model',
    why: 'What has no effect without a word is the error that nobody finds.',
    find: (subject) => eachKind(subject, silenceProblems),
  },
  {
    group: 'request',
    name: 'chat parameters that ask for what happens anyway are neither reported nor refused',
    why: 'With strict: true a report is a refusal, and clients send such values all the time.',
    find: (subject) => eachKind(subject, noiseProblems),
  },
]

const names = Object.keys(chatParameters) as readonly ChatParameter[]

/** One chat case for each set of options and model among the fixtures. */
async function eachKind(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  const seen = new Set<string>()
  const kinds = await openCases(subject, ({ fixture }) => {
    const key = JSON.stringify([fixture.options, fixture.model])
    const first = fixture.operation === 'chat' && !seen.has(key)
    if (first) seen.add(key)
    return first
  })
  return kinds.flatMap((open) =>
    find(open).map((problem) => `${open.fixture.name}, with its options and model: ${problem}`),
  )
}

/** What becomes of a body: what is sent as text, and what is reported. */
interface Outcome {
  readonly sent?: string
  readonly reported: readonly string[]
  readonly thrown?: unknown
}

function outcome({ fixture, operation }: OpenCase, members: JsonObject): Outcome {
  const request = { model: fixture.model, messages: [{ role: 'user', content: 'Hi' }], ...members }
  const asked: FixtureCase = { ...fixture, request, stream: false }
  const call = callOf(asked)
  const result = attempt(() => operation.request(call))
  if (!('value' in result)) return { reported: call.reported, thrown: result.thrown }
  const { path, headers, form } = result.value
  const sent = JSON.stringify({ path, headers, form, body: sentBody(asked, result.value) })
  return { sent, reported: call.reported }
}

function silenceProblems(open: OpenCase): string[] {
  const samples = names.flatMap((name): [string, unknown, JsonObject][] =>
    chatParameterSamples[name].map((value) => [name, value, companions[name] ?? {}]),
  )
  const unknown: [string, unknown, JsonObject] = ['conformance_unknown', { a: 1 }, {}]
  return [...samples, unknown].flatMap(([name, value, beside]) => {
    const without = outcome(open, beside)
    // A parameter of something that is refused is refused with it.
    if (without.thrown !== undefined)
      return ProviderFault.is(without.thrown) ? [] : [`${name}: ${crash(without)}`]
    const found = outcome(open, { ...beside, [name]: value })
    if (found.thrown !== undefined) return ProviderFault.is(found.thrown) ? [] : [`${name}: ${crash(found)}`]
    const more = found.reported.filter((field) => !without.reported.includes(field))
    return more.length > 0 || found.sent !== without.sent
      ? []
      : [`${name}: ${JSON.stringify(value)} changes nothing of what is sent, and is not reported`]
  })
}

function noiseProblems(open: OpenCase): string[] {
  const neutral = names.flatMap((name): [string, unknown][] =>
    chatParameters[name] === undefined
      ? [[name, null]]
      : [
          [name, null],
          [name, chatParameters[name]],
        ],
  )
  const without = outcome(open, {})
  if (without.thrown !== undefined) return []
  return neutral.flatMap(([name, value]) => {
    const found = outcome(open, { [name]: value })
    const shown = `${name}: ${JSON.stringify(value)}`
    if (found.thrown !== undefined) return [`${shown} ${crash(found)}`]
    const more = found.reported.filter((field) => !without.reported.includes(field))
    return more.length === 0 ? [] : [`${shown} is reported as dropped`]
  })
}

function crash({ thrown }: Outcome): string {
  return `threw ${thrownText(thrown)}`
}
