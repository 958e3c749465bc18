import { type OperationName, ProviderFault } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences, frozenCopy } from '../difference.ts'
import { followed, type FollowedStep } from '../exchanges.ts'
import { attempt, callOf, openCases, type OpenCase, type Subject, thrownText } from '../subject.ts'
import { formOf, requestDifferences, shownRequest } from './request.ts'

export const followChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'follow() asks about a job what follow.json says, and nothing after its result',
    why: 'A job that is asked about at the wrong place never ends, and has been paid for.',
    find: followProblems,
  },
  {
    group: 'request',
    name: 'follow() gives nothing or throws a ProviderFault for a body that is no job',
    why: 'A TypeError would be taken for a bug of the gateway.',
    find: malformedProblems,
  },
]

async function followProblems(subject: Subject): Promise<string[]> {
  const open = await openCases(subject, ({ fixture, operation }) => {
    const { status = 0, sse = true } = fixture.upstream ?? {}
    const answered = fixture.request !== undefined && !sse && status >= 200 && status < 300
    return answered && (operation.follow !== undefined || fixture.follow !== undefined)
  })
  const seen = new Set(open.filter(({ fixture }) => fixture.follow !== undefined).map(nameOf))
  const missing = [...new Set(open.map(nameOf))].filter((name) => !seen.has(name))
  return [
    ...open.flatMap((one) => jobProblems(one).map((problem) => `${one.fixture.name}: ${problem}`)),
    ...missing.map((name) => `${name}: has follow(), and no fixture with a follow.json`),
  ]
}

function nameOf({ fixture }: OpenCase): OperationName {
  return fixture.operation
}

function jobProblems(open: OpenCase): string[] {
  const { fixture, operation } = open
  if (operation.follow === undefined) return ['has a follow.json, and the operation has no follow()']
  const result = attempt(() => followed(open))
  if (!('value' in result)) {
    // A job that fails is compared with fault.json by the checks of response().
    return fixture.fault === undefined ? [`follow() threw ${thrownText(result.thrown)}`] : []
  }
  const steps = result.value
  const unasked = (fixture.follow?.length ?? 0) - steps.filter(({ asked }) => asked !== undefined).length
  return [
    ...steps.flatMap((step, at) => stepProblems(step, at, open)),
    ...(unasked > 0 ? [`follow.json has ${unasked} more than follow() asks for`] : []),
  ]
}

function stepProblems({ golden, asked }: FollowedStep, at: number, { fixture }: OpenCase): string[] {
  const place = `follow.json[${at}]`
  if (asked === undefined) return []
  const { request, afterMs, binary = false } = asked
  const built = { ...request, method: request.method ?? ('GET' as const) }
  if (golden === undefined) {
    const found = {
      request: shownRequest(fixture, request),
      afterMs,
      response: '…',
      ...(binary && { binary }),
    }
    return [`${place} is missing; found ${JSON.stringify(found)}`]
  }
  const body = differences(golden.request.body, built.body, Object.is, 'body')
  return [
    ...requestDifferences(golden.request, built, 'GET'),
    ...body,
    ...formOf(built),
    ...(golden.afterMs === undefined ? [] : differences(golden.afterMs, afterMs, Object.is, 'afterMs')),
    ...(Number.isFinite(afterMs) && afterMs >= 0 ? [] : [`afterMs is ${afterMs}`]),
    ...differences(golden.binary ?? false, binary, Object.is, 'binary'),
  ].map((problem) => `${place}: ${problem}`)
}

const malformed: readonly unknown[] = [
  {},
  null,
  [],
  'text',
  7,
  true,
  { id: null },
  { status: {} },
  { data: 5 },
]

async function malformedProblems(subject: Subject): Promise<string[]> {
  const seen = new Set<OperationName>()
  const open = await openCases(subject, ({ fixture, operation }) => {
    const first =
      operation.follow !== undefined && fixture.request !== undefined && !seen.has(fixture.operation)
    if (first) seen.add(fixture.operation)
    return first
  })
  return open.flatMap(({ fixture, operation }) =>
    malformed.flatMap((body) => {
      const result = attempt(() => operation.follow?.(frozenCopy(body), callOf(fixture)))
      const place = `${fixture.operation}: follow(${JSON.stringify(body)})`
      if ('value' in result)
        return result.value === undefined ? [] : [`${place} asks for ${result.value.request.path}`]
      return ProviderFault.is(result.thrown) ? [] : [`${place} threw ${thrownText(result.thrown)}`]
    }),
  )
}
