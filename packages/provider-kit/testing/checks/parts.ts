import type { OperationName } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences, frozenCopy } from '../difference.ts'
import { exchangesOf, partsOf, resultOf } from '../exchanges.ts'
import { attempt, callOf, openCases, type OpenCase, type Subject, thrownText } from '../subject.ts'
import { shownRequest } from './request.ts'

export const splitChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'split() makes as many requests as upstream.request.json and upstream.responses.json have entries',
    why: 'What one call of the vendor does not take must not be cut down in silence.',
    find: splitProblems,
  },
]

export const joinChecks: readonly CheckDefinition[] = [
  {
    group: 'response',
    name: 'join() is repeatable and leaves the deep-frozen answers of the parts alone',
    why: 'The gateway keeps the answers.',
    find: joinProblems,
  },
]

async function splitProblems(subject: Subject): Promise<string[]> {
  const open = await openCases(subject, ({ fixture }) => fixture.request !== undefined)
  const split = new Set<OperationName>()
  const problems = open.flatMap((one) => {
    const { fixture } = one
    const result = attempt(() => partsOf(one))
    if (!('value' in result)) {
      // A refusal may come from here as well as from request().
      const refused = fixture.fault !== undefined && fixture.upstream === undefined
      return refused ? [] : [`${fixture.name}: split() threw ${thrownText(result.thrown)}`]
    }
    if (result.value !== undefined) split.add(fixture.operation)
    return countProblems(one, result.value?.length).map((problem) => `${fixture.name}: ${problem}`)
  })
  const names = new Set(
    open.filter(({ operation }) => operation.split !== undefined).map(({ fixture }) => fixture.operation),
  )
  return [
    ...problems,
    ...[...names]
      .filter((name) => !split.has(name))
      .map((name) => `${name}: has split(), and no fixture whose request it splits`),
  ]
}

function countProblems(open: OpenCase, parts: number | undefined): string[] {
  const { upstreamRequests, upstreamParts, upstreamRequest, fault } = open.fixture
  if (parts === undefined) {
    return upstreamRequests === undefined && upstreamParts === undefined
      ? []
      : ['upstream.request.json or upstream.responses.json is for several requests, and split() makes one']
  }
  if (upstreamRequests === undefined) {
    if (fault !== undefined && upstreamRequest === undefined) return []
    const found = exchangesOf(open).map(({ fixture, operation }) =>
      shownRequest(fixture, operation.request(callOf(fixture))),
    )
    return [`upstream.request.json must be an array with each request; found ${JSON.stringify(found)}`]
  }
  return [
    ...differences(upstreamRequests.length, parts, Object.is, 'the number of requests'),
    ...(upstreamParts === undefined
      ? fault === undefined
        ? ['upstream.responses.json is missing: an array with the answer to each request']
        : []
      : differences(upstreamParts.length, parts, Object.is, 'the number of answers')),
  ]
}

async function joinProblems(subject: Subject): Promise<string[]> {
  const open = await openCases(
    subject,
    ({ fixture, operation }) => operation.join !== undefined && fixture.upstreamParts !== undefined,
  )
  return open.flatMap((one) => {
    const result = attempt(() => {
      const answers = exchangesOf(one).map(({ fixture, operation }) => {
        const body = resultOf(fixture)
        return frozenCopy(operation.response === undefined ? body : operation.response(body, callOf(fixture)))
      })
      const join = (): unknown => one.operation.join?.(answers, callOf(one.fixture))
      return differences(join(), join(), Object.is, 'the second run')
    })
    const problems = 'value' in result ? result.value : [`join() threw ${thrownText(result.thrown)}`]
    return problems.map((problem) => `${one.fixture.name}: ${problem}`)
  })
}
