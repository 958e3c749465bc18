import type { UpstreamRequest } from '@llmproxy/provider-kit'
import type { CheckDefinition } from '../check.ts'
import { differences } from '../difference.ts'
import { type ClientAnswer, clientAnswer, goldenDifferences } from '../client-answer.ts'
import { answersOf, isPlayable, onStage, type Stage } from '../end-to-end.ts'
import { exchangesOf } from '../exchanges.ts'
import type { FixtureCase } from '../fixture.ts'
import type { RecordedRequest } from '../replay-upstream.ts'
import { sseBlocks } from '../sse-parser.ts'
import {
  answerBytes,
  callOf,
  openCases,
  type OpenCase,
  openFraming,
  parseJson,
  type Subject,
} from '../subject.ts'
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
      eachPlayed(subject, isWellStreamed, (open, stage) => answerProblems(open, stage, eventBlocks(open))),
  },
  {
    group: 'end to end',
    name: 'through a gateway comments between events change nothing',
    why: 'Vendors send comments to keep a connection alive.',
    endToEnd: true,
    find: (subject) =>
      eachPlayed(
        subject,
        (open) => isWellStreamed(open) && open.operation.framing === undefined,
        commentProblems,
      ),
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

/** The vendor's stream cut after each event; together they are the stream. */
export function eventBlocks(open: OpenCase): Uint8Array[] {
  const bytes = answerBytes(open.fixture)
  if (open.operation.framing === undefined) return sseBlocks(bytes)
  const framing = openFraming(open)
  const blocks: Uint8Array[] = []
  let from = 0
  for (let at = 0; at < bytes.length; at += 1) {
    if (framing.push(bytes.subarray(at, at + 1)).length === 0) continue
    blocks.push(bytes.subarray(from, at + 1))
    from = at + 1
  }
  if (from < bytes.length) blocks.push(bytes.subarray(from))
  return blocks
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

async function sentProblems(open: OpenCase, stage: Stage): Promise<string[]> {
  stage.upstream.play(answersOf(open))
  await stage.ask(open.fixture)
  const { requests } = stage.upstream
  const exchanges = exchangesOf(open)
  if (exchanges.length === 1) return requestProblems(open, requests[0])
  // Several are under way at once, in any order.
  const left = [...requests]
  const problems = exchanges.flatMap((exchange) => {
    const found = left.map((sent) => requestProblems(exchange, sent))
    const right = found.findIndex((differing) => differing.length === 0)
    left.splice(Math.max(0, right), 1)
    return right === -1 ? (found[0] ?? [`nothing was sent for ${exchange.fixture.name}`]) : []
  })
  return left.length === 0 ? problems : [...problems, `${left.length} requests too many were sent`]
}

function requestProblems(
  { fixture, operation, provider }: OpenCase,
  sent: RecordedRequest | undefined,
): string[] {
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
  if (built.form !== undefined) return [...problems, ...formProblems(built.form, sent)]
  const wanted = { ...((golden?.body ?? sentBody(fixture, built)) as object) }
  return [
    ...problems,
    ...differences(withoutUsageWish(wanted, provider), withoutUsageWish(found, provider), Object.is, 'body'),
  ]
}

function formProblems(form: NonNullable<UpstreamRequest['form']>, sent: RecordedRequest): string[] {
  const type = String(sent.headers['content-type'])
  const missing = Object.keys(form).filter((name) => !sent.body.includes(`name="${name}"`))
  return [
    ...(type.startsWith('multipart/form-data') ? [] : [`content-type: ${type} for a form`]),
    ...missing.map((name) => `form: ${name} was not sent`),
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
  return eachPlayed(subject, first, async (open, stage) => {
    const { fixture } = open
    const secrets = secretNames(fixture.options).map((name) => String(fixture.options[name]))
    if (secrets.length === 0) return []
    stage.upstream.play(answersOf(open))
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

/** How the client's answer differs from the goldens; `writes` replaces what the vendor sends. */
export async function answerProblems(
  open: OpenCase,
  stage: Stage,
  writes?: readonly Uint8Array[],
): Promise<string[]> {
  stage.upstream.play(answersOf(open, writes))
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
  const writes = eventBlocks(open).flatMap((block) => [comment, block])
  return answerProblems(open, stage, [...writes, comment])
}

async function everyByteProblems(subject: Subject): Promise<string[]> {
  const streams = await openCases(subject, (one) => isPlayable(one) && isWellStreamed(one))
  const shortest = streams.toSorted(
    (a, b) => answerBytes(a.fixture).length - answerBytes(b.fixture).length,
  )[0]
  if (shortest === undefined) return []
  return onStage(subject, shortest.fixture, async (stage) => {
    const bytes = answerBytes(shortest.fixture)
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

async function failureProblems(open: OpenCase, stage: Stage): Promise<string[]> {
  stage.upstream.play(answersOf(open))
  const { status, text } = await stage.ask(open.fixture)
  return errorProblems(status, text)
}

/** What is wrong with an answer that must be an error. */
export function errorProblems(status: number, text: string): string[] {
  if (status < 400) return [`status ${status} for a failure: ${text.slice(0, 200)}`]
  return wireProblems('error', parseJson(text))
}
