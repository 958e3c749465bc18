import { ProviderFault, type UpstreamRequest } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences, notJson } from '../difference.ts'
import type { FixtureCase, UpstreamRequestFixture } from '../fixture.ts'
import {
  attempt,
  callOf,
  createProvider,
  openCases,
  type OpenCase,
  type Subject,
  thrownText,
} from '../subject.ts'
import { isObject } from '../wire-rules.ts'

export const requestChecks: readonly CheckDefinition[] = [
  {
    group: 'request',
    name: 'request() builds what upstream.request.json says',
    why: 'The vendor must understand it.',
    find: (subject) => eachRequest(subject, goldenProblems),
  },
  {
    group: 'request',
    name: 'request() is repeatable and leaves the deep-frozen body of the client alone',
    why: 'It runs once for each attempt, and the next provider gets the same body.',
    find: (subject) => eachRequest(subject, purityProblems),
  },
  {
    group: 'request',
    name: 'request() gives a path with a leading slash, lower-case headers and a JSON body',
    why: 'The path is appended to the base URL, the body is serialised as it is.',
    find: (subject) => eachRequest(subject, formProblems),
  },
  {
    group: 'request',
    name: 'request() reports exactly the fields that it drops',
    why: 'A client must be able to see that a field had no effect.',
    find: (subject) => eachRequest(subject, droppedProblems),
  },
  {
    group: 'request',
    name: 'request() refuses with a ProviderFault what cannot be sent',
    why: 'A mistake of the client is told before a call is paid for.',
    find: refusalProblems,
  },
  {
    group: 'request',
    name: 'health() and models do what health.json and models.json say',
    why: 'A wrong health check takes a working provider out of service.',
    find: probeProblems,
  },
]

async function eachRequest(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  const open = await openCases(subject, ({ fixture }) => fixture.request !== undefined && !isRefusal(fixture))
  return open.flatMap((one) => {
    const result = attempt(() => find(one))
    const problems = 'value' in result ? result.value : [`request() threw ${thrownText(result.thrown)}`]
    return problems.map((problem) => `${one.fixture.name}: ${problem}`)
  })
}

/** A case in which nothing is sent: `request()` throws. */
function isRefusal(fixture: FixtureCase): boolean {
  return fixture.fault !== undefined && fixture.upstream === undefined
}

function goldenProblems({ fixture, operation }: OpenCase): string[] {
  const golden = fixture.upstreamRequest
  const built = operation.request(callOf(fixture))
  if (golden === undefined) {
    // What a failure is classified by does not depend on what was sent.
    return fixture.fault === undefined
      ? [`upstream.request.json is missing; found ${JSON.stringify(shown(fixture, built))}`]
      : []
  }
  return requestDifferences(golden, built, 'POST').concat(
    differences(golden.body ?? clientBody(fixture), sentBody(fixture, built), Object.is, 'body'),
  )
}

function requestDifferences(
  golden: UpstreamRequestFixture,
  built: UpstreamRequest,
  method: string,
): string[] {
  const wanted = golden.headers ?? {}
  const found = Object.fromEntries(Object.keys(wanted).map((name) => [name, built.headers?.[name]]))
  return [
    ...differences(golden.method ?? method, built.method ?? 'POST', Object.is, 'method'),
    ...differences(golden.path, built.path, Object.is, 'path'),
    ...differences(wanted, found, Object.is, 'headers'),
  ]
}

function shown(fixture: FixtureCase, built: UpstreamRequest): object {
  return { path: built.path, headers: built.headers, body: built.body ?? built.patch ?? clientBody(fixture) }
}

function clientBody(fixture: FixtureCase): object {
  return { ...fixture.request, model: fixture.model }
}

/** The body that leaves: the provider's own, or the client's with `model` and `patch` spliced in. */
export function sentBody(fixture: FixtureCase, built: UpstreamRequest): unknown {
  return built.body ?? { ...clientBody(fixture), ...built.patch }
}

function purityProblems({ fixture, operation }: OpenCase): string[] {
  const first = operation.request(callOf(fixture))
  const second = operation.request(callOf(fixture))
  const loose = structuredClone(fixture.request ?? {})
  operation.request({ ...callOf(fixture), body: loose })
  return [
    ...differences(first, second, Object.is, 'the second run'),
    ...differences(fixture.request, loose, Object.is, 'the body was changed'),
  ]
}

function formProblems({ fixture, operation }: OpenCase): string[] {
  const built = operation.request(callOf(fixture))
  const problems = formOf(built)
  if (built.body !== undefined && built.patch !== undefined)
    problems.push('body and patch exclude each other')
  if (built.body !== undefined && !isObject(built.body)) problems.push('the body is not an object')
  return [...problems, ...notJson(built.body ?? {}, 'body'), ...notJson(built.patch ?? {}, 'patch')]
}

function formOf(built: UpstreamRequest): string[] {
  const problems: string[] = []
  if (!built.path.startsWith('/'))
    problems.push(`the path ${JSON.stringify(built.path)} does not start with "/"`)
  if (/[\s#]/.test(built.path)) problems.push(`the path ${JSON.stringify(built.path)} is not encoded`)
  for (const [name, value] of Object.entries(built.headers ?? {})) {
    if (name !== name.toLowerCase()) problems.push(`header ${name} is not lower case`)
    if (typeof value !== 'string' || /[\r\n\0]/.test(value))
      problems.push(`header ${name} is not a line of text`)
  }
  return problems
}

function droppedProblems({ fixture, operation }: OpenCase): string[] {
  const call = callOf(fixture)
  operation.request(call)
  const found = [...new Set(call.reported)]
  return [
    ...fixture.dropped
      .filter((field) => !found.includes(field))
      .map((field) => `${field} is not reported as dropped`),
    ...found
      .filter((field) => !fixture.dropped.includes(field))
      .map((field) => `${field} is reported as dropped, case.json does not say so`),
  ]
}

async function refusalProblems(subject: Subject): Promise<string[]> {
  const open = await openCases(subject, ({ fixture }) => fixture.request !== undefined && isRefusal(fixture))
  return open.flatMap(({ fixture, operation }) => {
    const result = attempt(() => operation.request(callOf(fixture)))
    return faultProblems(fixture, 'thrown' in result ? result : undefined).map(
      (problem) => `${fixture.name}: ${problem}`,
    )
  })
}

/** How a thrown value differs from `fault.json`. `undefined`: nothing was thrown. */
export function faultProblems(
  fixture: FixtureCase,
  result: { readonly thrown?: unknown } | undefined,
): string[] {
  if (result === undefined)
    return [`nothing was thrown, expected a ProviderFault of kind ${fixture.fault?.kind}`]
  if (!ProviderFault.is(result.thrown))
    return [`threw ${thrownText(result.thrown)} instead of a ProviderFault`]
  return faultDifferences(fixture, result.thrown.fault)
}

/** How a fault differs from `fault.json`; members that `fault.json` does not have are not compared. */
export function faultDifferences(fixture: FixtureCase, found: object): string[] {
  const { status: _status, headers: _headers, message, ...golden } = fixture.fault ?? { kind: 'upstream' }
  const members = Object.fromEntries(
    Object.keys(golden).map((name) => [name, (found as Record<string, unknown>)[name] ?? null]),
  )
  const problems = differences(golden, members, Object.is, 'fault')
  const text = 'message' in found && typeof found.message === 'string' ? found.message : ''
  if (text === '') problems.push('fault.message is empty')
  if (message !== undefined && !text.includes(message)) {
    problems.push(`fault.message: expected a part ${JSON.stringify(message)}, found ${JSON.stringify(text)}`)
  }
  return problems
}

async function probeProblems(subject: Subject): Promise<string[]> {
  const { options, health, models } = subject.fixtures
  const provider = await createProvider(subject, options.valid[0] ?? {})
  const problems: string[] = []
  if (health !== undefined) {
    const built = provider.health?.()
    problems.push(
      ...(built
        ? probeDifferences('health.json', health, built)
        : ['health.json: the provider has no health()']),
    )
  } else if (provider.health)
    problems.push(`health.json is missing; found ${JSON.stringify(provider.health())}`)
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
    problems.push(`models.json is missing; found ${JSON.stringify(provider.models.request())}`)
  return problems
}

function probeDifferences(file: string, golden: UpstreamRequestFixture, built: UpstreamRequest): string[] {
  const body = golden.body === undefined ? [] : differences(golden.body, built.body, Object.is, 'body')
  return [...requestDifferences(golden, built, 'GET'), ...body, ...formOf(built)].map(
    (problem) => `${file}: ${problem}`,
  )
}
