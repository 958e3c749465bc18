import type { OperationName } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import type { FixtureCase, JsonObject } from '../fixture.ts'
import { createProvider, openCases, type Subject } from '../subject.ts'
import { isObject } from '../wire-rules.ts'

export const coverageChecks: readonly CheckDefinition[] = [
  {
    group: 'coverage',
    name: 'every operation has a fixture, streaming included, and every fixture an operation',
    why: 'What has no fixture is not tested.',
    find: operationProblems,
  },
  {
    group: 'coverage',
    name: 'no fixture uses what the provider says it does not support',
    why: 'The router would never send it there: either the flag or the fixture is wrong.',
    find: supportProblems,
  },
  {
    group: 'coverage',
    name: 'fixtures hold no secrets',
    why: 'A key that has been committed is a key that must be revoked.',
    find: ({ fixtures }) =>
      fixtures.files.flatMap(({ name, text }) => secretsIn(text).map((secret) => `${name}: ${secret}`)),
  },
]

async function operationProblems(subject: Subject): Promise<string[]> {
  const { fixtures } = subject
  const covered = await openCases(subject)
  const problems = fixtures.cases
    .filter((fixture) => !covered.some((open) => open.fixture === fixture))
    .map((fixture) => `${fixture.name}: the provider has no operation ${fixture.operation}`)
  for (const options of fixtures.options.valid) {
    const provider = await createProvider(subject, options)
    for (const name of Object.keys(provider.operations) as OperationName[]) {
      const own = covered.filter(({ fixture }) => fixture.operation === name && fixture.fault === undefined)
      if (!own.some(({ fixture }) => !fixture.stream)) problems.push(`${name}: no fixture of a whole answer`)
      const streams = (name === 'chat' || name === 'completions') && provider.supports?.streaming !== false
      if (streams && !own.some(({ fixture }) => fixture.stream))
        problems.push(`${name}: no fixture of a stream`)
    }
  }
  return [...new Set(problems)]
}

/** How a request shows that it uses a feature. */
const uses: Readonly<Record<string, (request: JsonObject) => boolean>> = {
  streaming: (request) => request['stream'] === true,
  tools: (request) => Array.isArray(request['tools']) && request['tools'].length > 0,
  images: (request) => JSON.stringify(request['messages'] ?? []).includes('"type":"image_url"'),
  json_schema: (request) =>
    isObject(request['response_format']) && request['response_format']['type'] === 'json_schema',
}

async function supportProblems(subject: Subject): Promise<string[]> {
  return (await openCases(subject)).flatMap(({ fixture, provider }) =>
    Object.entries(provider.supports ?? {})
      .filter(([flag, value]) => value === false && usesFeature(fixture, flag))
      .map(([flag]) => `${fixture.name}: uses ${flag}, but supports.${flag} is false`),
  )
}

function usesFeature(fixture: FixtureCase, flag: string): boolean {
  return fixture.request !== undefined && (uses[flag]?.(fixture.request) ?? false)
}

const keyShapes: readonly RegExp[] = [
  /\b(?:sk|pk|rk|xai|gsk|pplx|hf|r8|nvapi|ghp|gho|glpat|xox[abp])[-_][A-Za-z0-9_-]{16,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{15,}\.[A-Za-z0-9_-]{10,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/g,
  /\bbearer [A-Za-z0-9._~+/-]{16,}/gi,
]

/** Things in a text that look like credentials, shortened. Words such as `test` and `example` mark what is none. */
export function secretsIn(text: string): string[] {
  return keyShapes
    .flatMap((pattern) => text.match(pattern) ?? [])
    .filter((found) => !/test|example|fixture|fake|placeholder|\*{3}|x{6}/i.test(found))
    .map((found) => `${found.slice(0, 6)}… looks like a credential`)
}
