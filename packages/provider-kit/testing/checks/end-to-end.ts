import type { CheckDefinition } from '../check.ts'
import { differences } from '../difference.ts'
import { type ClientAnswer, clientAnswer, goldenDifferences } from '../client-answer.ts'
import { isPlayable, onStage, scriptOf, type Stage } from '../end-to-end.ts'
import type { FixtureCase } from '../fixture.ts'
import { sseBlocks } from '../sse-parser.ts'
import { callOf, openCases, type OpenCase, parseJson, type Subject } from '../subject.ts'
import { isObject } from '../wire-rules.ts'
import { wireProblems } from '../wire-validator.ts'
import { secretNames } from './options.ts'
import { sentBody } from './request.ts'

export const endToEndChecks: readonly CheckDefinition[] = [
  {
    group: 'end to end',
    name: 'through a gateway the vendor gets the request of upstream.request.json',
    why: 'Splicing, headers and credentials come together only here.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isWell, sentProblems),
  },
  {
    group: 'end to end',
    name: 'through a gateway the key arrives in a header',
    why: 'A provider without its key answers nobody.',
    endToEnd: true,
    find: credentialProblems,
  },
  {
    group: 'end to end',
    name: 'through a gateway clients get whole and streamed answers as the goldens say',
    why: 'This is what the client sees.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isWell, answerProblems),
  },
  {
    group: 'end to end',
    name: 'through a gateway a stream arrives alike in one write for each event',
    why: 'This is how vendors send it.',
    endToEnd: true,
    find: (subject) =>
      eachPlayed(subject, isWellStreamed, (open, stage) =>
        answerProblems(open, stage, sseBlocks(bytesOf(open.fixture))),
      ),
  },
  {
    group: 'end to end',
    name: 'through a gateway comments between events change nothing',
    why: 'Vendors send comments to keep a connection alive.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isWellStreamed, commentProblems),
  },
  {
    group: 'end to end',
    name: 'through a gateway the shortest stream arrives alike when it is cut at every byte',
    why: 'Networks cut anywhere.',
    endToEnd: true,
    find: everyByteProblems,
  },
  {
    group: 'end to end',
    name: 'through a gateway a failed answer becomes an error envelope with an error status',
    why: 'Clients read only that shape.',
    endToEnd: true,
    find: (subject) => eachPlayed(subject, isFailure, failureProblems),
  },
]

function isWell({ fixture }: OpenCase): boolean {
  return fixture.fault === undefined
}

/** A stream that the vendor sends as a stream and that ends well. */
export function isWellStreamed(open: OpenCase): boolean {
  return isWell(open) && open.fixture.stream && open.fixture.upstream?.sse === true
}

/** A failure that is known before the first byte has to be sent: an error status, or a whole answer. */
function isFailure({ fixture }: OpenCase): boolean {
  const { status = 200, sse = false } = fixture.upstream ?? {}
  return fixture.fault !== undefined && (status >= 400 || !sse)
}

export function bytesOf(fixture: FixtureCase): Buffer {
  return Buffer.from(fixture.upstream?.text ?? '')
}

/** Plays each case that `accepts` on a stage of its own. */
export async function eachPlayed(
  subject: Subject,
  accepts: (open: OpenCase) => boolean,
  find: (open: OpenCase, stage: Stage) => Promise<readonly string[]>,
): Promise<string[]> {
  const problems: string[] = []
  for (const open of await openCases(subject, (one) => isPlayable(one) && accepts(one))) {
    const found = await onStage(subject, open.fixture, (stage) => find(open, stage))
    problems.push(...found.map((problem) => `${open.fixture.name}: ${problem}`))
  }
  return problems
}

async function sentProblems({ fixture, operation, provider }: OpenCase, stage: Stage): Promise<string[]> {
  stage.upstream.play(scriptOf(fixture))
  await stage.ask(fixture)
  const sent = stage.upstream.requests[0]
  if (sent === undefined) return ['nothing was sent']
  const built = operation.request(callOf(fixture))
  const golden = fixture.upstreamRequest
  const found = isObject(parseJson(sent.body)) ? (parseJson(sent.body) as object) : {}
  const problems = sent.path.endsWith(golden?.path ?? built.path)
    ? []
    : [`path: expected ${golden?.path ?? built.path}, found ${sent.path}`]
  for (const [name, value] of Object.entries(golden?.headers ?? {})) {
    if (sent.headers[name] !== value)
      problems.push(`header ${name}: expected ${value}, found ${String(sent.headers[name])}`)
  }
  const wanted = { ...((golden?.body ?? sentBody(fixture, built)) as object) }
  return [
    ...problems,
    ...differences(withoutUsageWish(wanted, provider), withoutUsageWish(found, provider), Object.is, 'body'),
  ]
}

/** The gateway asks every stream for usage, whatever the client asked. */
function withoutUsageWish(body: object, provider: OpenCase['provider']): object {
  return provider.supports?.stream_usage === false ? body : { ...body, stream_options: undefined }
}

async function credentialProblems(subject: Subject): Promise<string[]> {
  const seen = new Set<string>()
  const first = ({ fixture }: OpenCase): boolean =>
    isFirst(seen, JSON.stringify([fixture.options, fixture.operation]))
  return eachPlayed(subject, first, async ({ fixture }, stage) => {
    const secrets = secretNames(fixture.options).map((name) => String(fixture.options[name]))
    if (secrets.length === 0) return []
    stage.upstream.play(scriptOf(fixture))
    await stage.ask(fixture)
    const headers = stage.upstream.requests[0]?.headers ?? {}
    if (headers['authorization'] !== undefined) return []
    const values = Object.values(headers).flat()
    return secrets.some((secret) => values.some((value) => value?.includes(secret)))
      ? []
      : ['no header carries the key']
  })
}

function isFirst(seen: Set<string>, key: string): boolean {
  const first = !seen.has(key)
  seen.add(key)
  return first
}

async function answerProblems(
  open: OpenCase,
  stage: Stage,
  writes?: readonly Uint8Array[],
): Promise<string[]> {
  stage.upstream.play(scriptOf(open.fixture, writes))
  const { status, text } = await stage.ask(open.fixture)
  if (status !== 200) return [`status ${status}: ${text}`]
  const answer = clientAnswer(open.fixture, text)
  return [...goldenDifferences(open, answer), ...chunkProblems(open.fixture, answer)]
}

/** Whoever made a chunk, vendor or gateway: it must have the shape that clients expect. */
function chunkProblems({ operation }: FixtureCase, { chunks = [] }: ClientAnswer): string[] {
  if (operation !== 'chat' && operation !== 'completions') return []
  return chunks.flatMap((chunk, index) =>
    wireProblems(`${operation}.chunk`, chunk).map((problem) => `chunk ${index}: ${problem}`),
  )
}

function commentProblems(open: OpenCase, stage: Stage): Promise<string[]> {
  const comment = Buffer.from(': conformance\n\n')
  const writes = sseBlocks(bytesOf(open.fixture)).flatMap((block) => [comment, block])
  return answerProblems(open, stage, [...writes, comment])
}

async function everyByteProblems(subject: Subject): Promise<string[]> {
  const streams = await openCases(subject, (one) => isPlayable(one) && isWellStreamed(one))
  const shortest = streams.toSorted((a, b) => bytesOf(a.fixture).length - bytesOf(b.fixture).length)[0]
  if (shortest === undefined) return []
  return onStage(subject, shortest.fixture, async (stage) => {
    const bytes = bytesOf(shortest.fixture)
    const [uncut] = await answerProblems(shortest, stage)
    if (uncut !== undefined)
      return [`${shortest.fixture.name} differs from its golden without a cut too: ${uncut}`]
    const problems: string[] = []
    for (let at = 1; at < bytes.length; at += 1) {
      const found = await answerProblems(shortest, stage, [bytes.subarray(0, at), bytes.subarray(at)])
      problems.push(...found.map((problem) => `${shortest.fixture.name} cut at byte ${at}: ${problem}`))
    }
    return problems
  })
}

async function failureProblems({ fixture }: OpenCase, stage: Stage): Promise<string[]> {
  stage.upstream.play(scriptOf(fixture))
  const { status, text } = await stage.ask(fixture)
  return errorProblems(status, text)
}

/** What is wrong with an answer that must be an error. */
export function errorProblems(status: number, text: string): string[] {
  if (status < 400) return [`status ${status} for a failure: ${text.slice(0, 200)}`]
  return wireProblems('error', parseJson(text))
}
