import { type OperationName, ProviderFault } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences, frozenCopy, notJson } from '../difference.ts'
import { answerOf, exchangesOf, lastAsked, resultOf } from '../exchanges.ts'
import { attempt, callOf, openCases, type OpenCase, parseJson, type Subject, thrownText } from '../subject.ts'
import { wireProblems } from '../wire-validator.ts'
import { faultProblems } from '../fault-difference.ts'

export const responseChecks: readonly CheckDefinition[] = [
  {
    group: 'response',
    name: 'response() gives what response.json says',
    why: 'The client must get the whole answer.',
    find: (subject) => eachAnswer(subject, goldenProblems),
  },
  {
    group: 'response',
    name: 'whole answers have the shape that OpenAI clients expect',
    why: 'Typed clients fail on a missing member.',
    find: (subject) => eachAnswer(subject, shapeProblems),
  },
  {
    group: 'response',
    name: 'response() is repeatable and leaves the deep-frozen body of the vendor alone',
    why: 'The gateway reads usage from the same object.',
    find: (subject) => eachAnswer(subject, purityProblems),
  },
  {
    group: 'response',
    name: 'response() throws a ProviderFault for an error inside a 2xx answer',
    why: 'A failure that looks like success is not retried and not counted.',
    find: inBandProblems,
  },
  {
    group: 'response',
    name: 'response() throws a ProviderFault of kind bad_response for a body that is no answer',
    why: 'A TypeError would be taken for a bug of the gateway, and no other provider would be asked.',
    find: malformedProblems,
  },
]

/** A case with a whole 2xx answer. */
function isAnswer({ fixture }: OpenCase): boolean {
  return (
    fixture.upstream !== undefined && !fixture.upstream.sse && fixture.fault === undefined && !fixture.stream
  )
}

async function eachAnswer(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  return (await openCases(subject, isAnswer)).flatMap((open) => {
    const result = attempt(() => find(open))
    const problems = 'value' in result ? result.value : [`response() threw ${thrownText(result.thrown)}`]
    return problems.map((problem) => `${open.fixture.name}: ${problem}`)
  })
}

function goldenProblems(open: OpenCase): string[] {
  const { fixture, operation } = open
  const found = answerOf(open)
  if (fixture.response !== undefined) return differences(fixture.response, found)
  // What a relaying provider joins is its own work, too.
  const relayed = operation.response === undefined && fixture.upstreamParts === undefined
  return relayed ? [] : [`response.json is missing; found ${JSON.stringify(found)}`]
}

function shapeProblems(open: OpenCase): string[] {
  const found = answerOf(open)
  return [...notJson(found), ...wireProblems(open.fixture.operation, found)]
}

function purityProblems(open: OpenCase): string[] {
  if (open.operation.response === undefined) return []
  const changed = exchangesOf(open).flatMap((exchange) => {
    const { fixture, operation } = exchange
    const body = structuredClone(resultOf(fixture))
    operation.response?.(body, callOf(fixture), lastAsked(exchange))
    return differences(resultOf(fixture), body, Object.is, 'the body was changed')
  })
  return [...changed, ...differences(answerOf(open), answerOf(open), Object.is, 'the second run')]
}

async function inBandProblems(subject: Subject): Promise<string[]> {
  const open = await openCases(
    subject,
    ({ fixture, operation }) =>
      operation.response !== undefined &&
      fixture.fault !== undefined &&
      fixture.upstream !== undefined &&
      !fixture.upstream.sse &&
      fixture.upstream.status < 400 &&
      parseJson(fixture.upstream.text) !== undefined,
  )
  return open.flatMap((one) => {
    const result = attempt(() => answerOf(one))
    return faultProblems(one.fixture, 'thrown' in result ? result : undefined).map(
      (problem) => `${one.fixture.name}: ${problem}`,
    )
  })
}

const malformed: readonly unknown[] = [
  {},
  null,
  [],
  'text',
  7,
  true,
  { choices: null },
  { content: 5 },
  { data: {} },
  { error: null },
]

async function malformedProblems(subject: Subject): Promise<string[]> {
  const seen = new Set<OperationName>()
  const open = await openCases(subject, ({ fixture, operation }) => {
    const first =
      operation.response !== undefined && fixture.request !== undefined && !seen.has(fixture.operation)
    if (first) seen.add(fixture.operation)
    return first
  })
  return open.flatMap(({ fixture, operation }) =>
    malformed.flatMap((body) => {
      const result = attempt(() => operation.response?.(frozenCopy(body), callOf(fixture)))
      const place = `${fixture.operation}: response(${JSON.stringify(body)})`
      if ('value' in result) return [`${place} gave ${JSON.stringify(result.value)}`]
      if (!ProviderFault.is(result.thrown)) return [`${place} threw ${thrownText(result.thrown)}`]
      return result.thrown.fault.kind === 'bad_response'
        ? []
        : [`${place} threw ${thrownText(result.thrown)}`]
    }),
  )
}
