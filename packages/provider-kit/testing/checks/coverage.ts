import type { OperationName } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import type { FixtureCase, JsonObject } from '../fixture.ts'
import { createProvider, type OpenCase, openCases, type Subject } from '../subject.ts'
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
    name: 'every fixture holds a request and what comes of it, and one of them a failed answer',
    why: 'Without the vendor’s answer a fixture proves nothing, and a verdict that nothing is compared with may be any.',
    find: wholenessProblems,
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
      const own = covered.filter((open) => open.fixture.operation === name && isGoodAnswer(open.fixture))
      if (!own.some(({ fixture }) => !fixture.stream)) {
        problems.push(
          `${name}: no fixture of a whole answer (a request.json beside an upstream.response.json)`,
        )
      }
      const streams = (name === 'chat' || name === 'completions') && provider.supports?.streaming !== false
      if (streams && !own.some(isStreamedAnswer)) {
        problems.push(
          `${name}: no fixture of a stream (a request.json with "stream": true beside an upstream.sse or upstream.hex)`,
        )
      }
    }
  }
  return [...new Set(problems)]
}

/** The vendor answers, and well. */
function isGoodAnswer({ request, upstream, fault }: FixtureCase): boolean {
  const status = upstream?.status ?? 0
  return request !== undefined && fault === undefined && status >= 200 && status < 300
}

/** Only a vendor that cannot stream answers a streamed request with a whole answer. */
function isStreamedAnswer({ fixture, operation }: OpenCase): boolean {
  const cannotStream = operation.response !== undefined && operation.stream === undefined
  return fixture.stream && (fixture.upstream?.sse === true || cannotStream)
}

function wholenessProblems({ fixtures }: Subject): string[] {
  const problems = fixtures.cases.flatMap((fixture) =>
    missingParts(fixture).map((problem) => `${fixture.name}: ${problem}`),
  )
  const failed = fixtures.cases.some(
    ({ request, fault, upstream }) =>
      request !== undefined && fault !== undefined && (upstream?.status ?? 0) >= 400,
  )
  if (!failed) {
    problems.push(
      'no fixture of a failed answer (fault.json with a "status" of 400 or above, beside an upstream.response.json or .txt)',
    )
  }
  return problems
}

function missingParts({ request, upstream, fault }: FixtureCase): string[] {
  const problems = request === undefined ? ['request.json is missing'] : []
  if (upstream === undefined && fault === undefined) {
    problems.push('neither upstream.response.json, upstream.sse nor fault.json: what does the vendor answer?')
  }
  if (upstream !== undefined && fault === undefined && (upstream.status < 200 || upstream.status >= 300)) {
    problems.push(`the vendor answers ${upstream.status}, and fault.json is missing`)
  }
  return problems
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
  return (await openCases(subject)).flatMap(({ fixture, provider }) => [
    ...Object.entries(provider.supports ?? {})
      .filter(([flag, value]) => value === false && usesFeature(fixture, flag) && !isRefused(fixture))
      .map(
        ([flag]) =>
          `${fixture.name}: uses ${flag}, but supports.${flag} is false; correct the flag, or show the refusal: a fault.json and no upstream.*`,
      ),
    ...Object.keys(fixture.headers)
      .filter((name) => provider.clientHeaders?.includes(name) !== true)
      .map((name) => `${fixture.name}: sends the header ${name}, but clientHeaders does not name it`),
  ])
}

/** It arrives all the same when the operator overrides the flag, and must be refused then. */
function isRefused({ fault, upstream, upstreamParts }: FixtureCase): boolean {
  return fault !== undefined && upstream === undefined && upstreamParts === undefined
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
