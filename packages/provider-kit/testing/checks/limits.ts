import type { HeaderMap } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences } from '../difference.ts'
import { attempt, callCreated, openCases, type OpenCase, type Subject, thrownText } from '../subject.ts'
import { isObject } from '../wire-rules.ts'

export const limitChecks: readonly CheckDefinition[] = [
  {
    group: 'response',
    name: 'rateLimits() gives what case.json says, by the names that clients read, and never throws',
    why: 'The gateway leaves out the limits of a provider that fails at them, without a word.',
    find: limitProblems,
  },
]

const names = /^x-ratelimit-(?:limit|remaining|reset)-(?:requests|tokens)$/

async function limitProblems(subject: Subject): Promise<string[]> {
  const problems = (await openCases(subject)).flatMap((open) =>
    caseProblems(open).map((problem) => `${open.fixture.name}: ${problem}`),
  )
  return [...new Set(problems)]
}

function caseProblems({ fixture, provider }: OpenCase): string[] {
  const { upstream, rateLimits: golden } = fixture
  if (provider.rateLimits === undefined) {
    return golden === undefined ? [] : ['case.json has rate_limits, and the provider has no rateLimits()']
  }
  const headers = upstream?.headers ?? {}
  const odd = Object.fromEntries(Object.keys(headers).map((name) => [name, 'soon, or later']))
  const [read, ...others] = [headers, {}, odd].map((one) =>
    limitsOf(provider.rateLimits?.bind(provider), one),
  )
  return [
    ...(read?.problems ?? []),
    ...others.flatMap((one) => one.problems),
    ...(golden === undefined ? [] : differences(golden, read?.limits, Object.is, 'rateLimits()')),
  ]
}

type RateLimits = (headers: HeaderMap, nowEpochMs: number) => HeaderMap

function limitsOf(run: RateLimits | undefined, headers: HeaderMap): { limits: unknown; problems: string[] } {
  const result = attempt((): unknown => run?.(Object.freeze({ ...headers }), callCreated * 1000))
  const place = `rateLimits(${JSON.stringify(headers)})`
  if (!('value' in result)) {
    return { limits: undefined, problems: [`${place} threw ${thrownText(result.thrown)}`] }
  }
  const limits = result.value
  if (!isObject(limits))
    return { limits, problems: [`${place} gave ${JSON.stringify(limits)}; give {} for none`] }
  const problems = Object.entries(limits).flatMap(([name, value]) => {
    if (!names.test(name)) return [`${place} gave ${name}, which no client reads`]
    return typeof value === 'string' ? [] : [`${place}: ${name} must be a text`]
  })
  return { limits, problems }
}
