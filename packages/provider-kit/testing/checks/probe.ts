import type { UpstreamRequest } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences } from '../difference.ts'
import type { UpstreamRequestFixture } from '../fixture.ts'
import { attempt, createProvider, type Subject, thrownText } from '../subject.ts'
import { formOf, requestDifferences } from './request.ts'

export const probeChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'health() and models do what health.json and models.json say',
    why: 'A wrong health check takes a working provider out of service.',
    find: probeProblems,
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
