import {
  type HealthAnswer,
  type HealthVerdict,
  healthVerdict,
  type Provider,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences, frozenCopy } from '../difference.ts'
import type { HealthVerdictFixture, UpstreamRequestFixture } from '../fixture.ts'
import { attempt, classify, createProvider, parseJson, type Subject, thrownText } from '../subject.ts'
import { describe } from '../wire-rules.ts'
import { formOf, requestDifferences } from './request.ts'

export const probeChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'health() and models do what health.json and models.json say',
    why: 'A wrong health check takes a working provider out of service.',
    find: probeProblems,
  },
  {
    group: 'fault',
    name: 'answers to a health request are judged as health.json says, and no answer makes the verdict throw',
    why: 'A key that is wrong must not look like a vendor that is down, nor the other way round.',
    find: verdictProblems,
  },
]

/** The usual form of an answer, to be overwritten by the author of the fixture. */
const modelsAnswer = { object: 'list', data: [{ id: 'a-model', object: 'model' }] }

async function probeProblems(subject: Subject): Promise<string[]> {
  const { options, health, models } = subject.fixtures
  const provider = await createProvider(subject, options.valid[0] ?? {})
  const problems: string[] = []
  if (health !== undefined) {
    const built = provider.health?.request()
    problems.push(
      ...(built
        ? probeDifferences('health.json', health, built)
        : ['health.json: the provider has no health']),
    )
  } else if (provider.health)
    problems.push(`health.json is missing; found ${JSON.stringify(provider.health.request())}`)
  if (models !== undefined) {
    const built = provider.models?.request()
    problems.push(
      ...(built
        ? probeDifferences('models.json', models.request, built)
        : ['models.json: the provider has no models']),
    )
    const ids = attempt(() => provider.models?.response(models.response))
    problems.push(
      ...('value' in ids
        ? differences(models.models, ids.value, Object.is, 'models.json: models')
        : [`models.json: models.response() threw ${thrownText(ids.thrown)}`]),
    )
  } else if (provider.models)
    problems.push(
      `models.json is missing; write the vendor’s answer and its ids into ${JSON.stringify({
        request: provider.models.request(),
        response: modelsAnswer,
        models: ['a-model'],
      })}`,
    )
  return problems
}

function probeDifferences(file: string, golden: UpstreamRequestFixture, built: UpstreamRequest): string[] {
  const body = golden.body === undefined ? [] : differences(golden.body, built.body, Object.is, 'body')
  return [...requestDifferences(golden, built, 'GET'), ...body, ...formOf(built)].map(
    (problem) => `${file}: ${problem}`,
  )
}

const otherAnswers: readonly string[] = ['', '{}', 'null', '[]', '"text"', '<html></html>', '{"error":null}']
const verdictWords: ReadonlySet<string> = new Set(['healthy', 'degraded', 'unhealthy'])

async function verdictProblems(subject: Subject): Promise<string[]> {
  const { options, health } = subject.fixtures
  const provider = await createProvider(subject, options.valid[0] ?? {})
  if (provider.health === undefined) {
    return health?.verdicts === undefined ? [] : ['health.json: verdicts, and the provider has no health']
  }
  const golden = (health?.verdicts ?? []).flatMap((fixture, index) => {
    const { reason, status } = fixture.expect
    const result = attempt(() => judged(provider, answerFrom(fixture)))
    const place = `health.json: verdicts[${index}]`
    if (!('value' in result)) return [`${place}: threw ${thrownText(result.thrown)}`]
    return [
      ...differences(status, result.value.status, Object.is, `${place}: status`),
      ...(reason === undefined
        ? []
        : differences(reason, result.value.reason, Object.is, `${place}: reason`)),
    ]
  })
  const any = [200, 204, 301, 400, 401, 403, 404, 422, 429, 500, 503, 599].flatMap((status) =>
    otherAnswers.flatMap((text) => {
      const result = attempt(() => judged(provider, answerFrom({ status, text })))
      const place = `health: status ${status} with the body ${text || '(empty)'}`
      if (!('value' in result)) return [`${place}: threw ${thrownText(result.thrown)}`]
      return verdictWords.has(result.value.status) ? [] : [`${place}: gave ${describe(result.value)}`]
    }),
  )
  return [...golden, ...any]
}

/** What the gateway concludes. */
function judged(provider: Provider, answer: HealthAnswer): HealthVerdict {
  return (
    provider.health?.verdict?.(answer) ??
    healthVerdict(answer, classify(provider, { ...answer, inBand: false }))
  )
}

function answerFrom({
  status,
  headers = {},
  body,
  text = body === undefined ? '' : JSON.stringify(body),
}: Omit<HealthVerdictFixture, 'expect'>): HealthAnswer {
  return { status, headers, text, body: frozenCopy(parseJson(text)) }
}
