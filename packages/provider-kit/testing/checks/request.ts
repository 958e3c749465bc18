import type { FormFile, UpstreamRequest } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences, notJson } from '../difference.ts'
import { faultProblems } from '../fault-difference.ts'
import type { FixtureCase, UpstreamRequestFixture } from '../fixture.ts'
import { exchangesOf } from '../exchanges.ts'
import { attempt, callOf, openCases, type OpenCase, type Subject, thrownText } from '../subject.ts'
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
    find: (subject) => eachCase(subject, droppedProblems),
  },
  {
    group: 'request',
    name: 'request() refuses with a ProviderFault what cannot be sent',
    why: 'A mistake of the client is told before a call is paid for.',
    find: refusalProblems,
  },
]

async function eachCase(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  const open = await openCases(subject, ({ fixture }) => fixture.request !== undefined && !isRefusal(fixture))
  return open.flatMap((one) => {
    const result = attempt(() => find(one))
    return 'value' in result
      ? result.value
      : [`${one.fixture.name}: request() threw ${thrownText(result.thrown)}`]
  })
}

/** Each request that is sent: of a case that is split, those of its parts. */
function eachRequest(subject: Subject, find: (open: OpenCase) => readonly string[]): Promise<string[]> {
  return eachCase(subject, (one) =>
    exchangesOf(one).flatMap((part) => find(part).map((problem) => `${part.fixture.name}: ${problem}`)),
  )
}

/** A case in which nothing is sent: `request()` throws. */
function isRefusal(fixture: FixtureCase): boolean {
  return fixture.fault !== undefined && fixture.upstream === undefined
}

function goldenProblems({ fixture, operation }: OpenCase): string[] {
  const golden = fixture.upstreamRequest
  const built = operation.request(callOf(fixture))
  if (golden === undefined) {
    // What a failure is classified by does not depend on what was sent. That parts have goldens is asked by another check.
    return fixture.fault === undefined && fixture.part === undefined
      ? [`upstream.request.json is missing; found ${JSON.stringify(shownRequest(fixture, built))}`]
      : []
  }
  const sent = requestDifferences(golden, built, 'POST')
  if (golden.form !== undefined || built.form !== undefined) return sent
  return sent.concat(
    differences(golden.body ?? clientBody(fixture), sentBody(fixture, built), Object.is, 'body'),
  )
}

/** How a built request differs from a golden one in all but its body. */
export function requestDifferences(
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
    ...differences(golden.form, shownForm(built.form), Object.is, 'form'),
  ]
}

/** `upstream.request.json` as it is to be written. */
export function shownRequest(fixture: FixtureCase, built: UpstreamRequest): object {
  const { method, path, headers, body, patch, form } = built
  // The client's own body is what is expected without a golden one.
  return { method, path, headers, body: body ?? (patch && sentBody(fixture, built)), form: shownForm(form) }
}

/** Files as base64. */
function shownForm(form: UpstreamRequest['form']): UpstreamRequestFixture['form'] {
  if (form === undefined) return undefined
  const shown = ({ filename, mediaType, bytes }: FormFile) => ({
    filename,
    mediaType,
    base64: Buffer.from(bytes).toString('base64'),
  })
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => [name, typeof value === 'string' ? value : shown(value)]),
  )
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
  if (built.form !== undefined && (built.body !== undefined || built.patch !== undefined))
    problems.push('form excludes body and patch')
  if (built.body !== undefined && !isObject(built.body)) problems.push('the body is not an object')
  return [...problems, ...notJson(built.body ?? {}, 'body'), ...notJson(built.patch ?? {}, 'patch')]
}

/** What is wrong with path and headers. */
export function formOf(built: UpstreamRequest): string[] {
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

function droppedProblems(open: OpenCase): string[] {
  const { name, dropped } = open.fixture
  const reported = exchangesOf(open).flatMap(({ fixture, operation }) => {
    const call = callOf(fixture)
    operation.request(call)
    return call.reported
  })
  const found = [...new Set(reported)]
  return [
    ...dropped
      .filter((field) => !found.includes(field))
      .map((field) => `${name}: ${field} is not reported as dropped`),
    ...found
      .filter((field) => !dropped.includes(field))
      .map((field) => `${name}: ${field} is reported as dropped, case.json does not say so`),
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
