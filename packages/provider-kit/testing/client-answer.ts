import { fromBase64, toBase64 } from '@llmproxy/provider-kit'
import { isUsageChunk } from './chunk-sequence.ts'
import { differences, type SameLeaf } from './difference.ts'
import type { FixtureCase } from './fixture.ts'
import { parseSse } from './sse-parser.ts'
import { callCreated, callId, type OpenCase, parseJson } from './subject.ts'
import { isObject } from './wire-rules.ts'

/** What a client reads: a JSON value, or the chunks of a stream and how it ended. */
export interface ClientAnswer {
  readonly body?: unknown
  readonly chunks?: readonly unknown[]
  /** The stream's last event was `[DONE]`, and it was the only one. */
  readonly done?: boolean
}

/** Reads an answer as a client does that asked for what `request.json` asks. */
export function clientAnswer(fixture: FixtureCase, text: string): ClientAnswer {
  if (!fixture.stream) return { body: parseJson(text) }
  const events = parseSse(text).map((event) => event.data)
  return {
    chunks: events.filter((event) => event !== '[DONE]').map(parseJson),
    done: events.indexOf('[DONE]') === events.length - 1 && events.length > 0,
  }
}

/** How a client's answer differs from the goldens of the case. A relayed answer is compared with the vendor's. */
export function goldenDifferences({ fixture, operation }: OpenCase, answer: ClientAnswer): string[] {
  const translates = operation.response !== undefined || fixture.upstreamParts !== undefined
  const same = translates ? sameButForCall : Object.is
  if (!fixture.stream) {
    // That a golden is missing has been said by the check of response().
    if (translates && fixture.response === undefined) return []
    const golden = fixture.response ?? parseJson(fixture.upstream?.text ?? '')
    return differences(encoded(fixture, golden), answer.body, same)
  }
  const problems = answer.done === true ? [] : ['the stream does not end with one [DONE]']
  const golden = fixture.chunks ?? (translates ? undefined : relayedChunks(fixture))
  if (golden === undefined) return problems
  return [
    ...problems,
    ...differences(asWanted(fixture, golden), asWanted(fixture, answer.chunks ?? []), same, 'chunk'),
  ]
}

/** The gateway gives embeddings in the encoding that the client asked for, whatever the provider gives. */
function encoded({ operation, request }: FixtureCase, golden: unknown): unknown {
  if (operation !== 'embeddings' || !isObject(golden) || !Array.isArray(golden['data'])) return golden
  const base64 = request?.['encoding_format'] === 'base64'
  const data = golden['data'].map((item: unknown) => {
    const embedding = isObject(item) ? item['embedding'] : undefined
    if (base64 && Array.isArray(embedding)) return { ...(item as object), embedding: toBase64(embedding) }
    if (base64 || typeof embedding !== 'string') return item
    return { ...(item as object), embedding: fromBase64(embedding) }
  })
  return { ...golden, data }
}

function relayedChunks(fixture: FixtureCase): unknown[] {
  return parseSse(fixture.upstream?.text ?? '')
    .filter((event) => event.data !== '[DONE]')
    .map((event) => parseJson(event.data))
}

/** A client that did not ask for usage gets no usage chunk; `usage: null` is as good as none. */
function asWanted(fixture: FixtureCase, chunks: readonly unknown[]): unknown[] {
  if (wantsUsage(fixture)) return [...chunks]
  return chunks
    .filter((chunk) => !isUsageChunk(chunk))
    .map((chunk) => (isObject(chunk) && chunk['usage'] === null ? { ...chunk, usage: undefined } : chunk))
}

/** The client asked for usage in the stream. */
export function wantsUsage(fixture: FixtureCase): boolean {
  const options = fixture.request?.['stream_options']
  return isObject(options) && options['include_usage'] === true
}

/** Goldens are written with the kit's id and time; a gateway has its own. */
const sameButForCall: SameLeaf = (expected, actual) => {
  if (expected === callCreated) return Number.isInteger(actual)
  if (typeof expected !== 'string' || typeof actual !== 'string' || !expected.includes(callId)) {
    return Object.is(expected, actual)
  }
  const [before = '', after = ''] = expected.split(callId)
  return actual.startsWith(before) && actual.endsWith(after) && actual.length > before.length + after.length
}
