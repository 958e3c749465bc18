import {
  type Call,
  type Fault,
  type Framing,
  type FailedResponse,
  type Operation,
  type Provider,
  ProviderFault,
  type ProviderPlugin,
  type SseEvent,
  type StreamDecoder,
  openaiFault,
} from '@llmproxy/provider-kit'
import type { FixtureCase, Fixtures, JsonObject } from './fixture.ts'
import type { CreateGateway } from './gateway.ts'
import { createSseParser } from './sse-parser.ts'
import { frozenCopy } from './difference.ts'

/** What the checks look at. */
export interface Subject {
  readonly plugin: ProviderPlugin
  readonly fixtures: Fixtures
  readonly createGateway?: CreateGateway
  /** Options that lead to another upstream. */
  readonly redirect: (options: JsonObject, url: string) => JsonObject
}

/** `Call.id` in the goldens of translating providers. */
export const callId = 'conformance'
/** `Call.created` in the goldens of translating providers. */
export const callCreated = 1_700_000_000

/** Runs the plugin's schema. `issues` is empty when the options are accepted. */
export async function validate(
  subject: Subject,
  options: unknown,
): Promise<{ value: unknown; issues: readonly { path: string; message: string; text: string }[] }> {
  const result = await subject.plugin.options['~standard'].validate(options)
  const issues = (result.issues ?? []).map((issue) => ({
    path: (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message: issue.message,
    text: JSON.stringify(issue),
  }))
  return { value: 'value' in result ? result.value : undefined, issues }
}

/** A provider made from options that must be valid. */
export async function createProvider(subject: Subject, options: JsonObject): Promise<Provider> {
  const { value, issues } = await validate(subject, structuredClone(options))
  if (issues.length > 0) {
    const found = issues.map((issue) => `${issue.path || '(top)'}: ${issue.message}`).join('; ')
    throw new Error(`the options ${JSON.stringify(options)} are refused: ${found}`)
  }
  return subject.plugin.create(value)
}

/** A case with its provider and operation. */
export interface OpenCase {
  readonly fixture: FixtureCase
  readonly provider: Provider
  readonly operation: Operation
}

/** The cases that `accepts`, opened. A case whose operation the provider lacks is left to the check that looks for that. */
export async function openCases(
  subject: Subject,
  accepts: (open: OpenCase) => boolean = () => true,
): Promise<OpenCase[]> {
  const open: OpenCase[] = []
  for (const fixture of subject.fixtures.cases) {
    const provider = await createProvider(subject, fixture.options)
    const operation = provider.operations[fixture.operation] as Operation | undefined
    if (operation !== undefined && accepts({ fixture, provider, operation })) {
      open.push({ fixture, provider, operation })
    }
  }
  return open
}

/** A call for a case, its body frozen deeply. `reported` collects the calls of `dropped()`. */
export function callOf(
  fixture: FixtureCase,
  body: unknown = fixture.request,
): Call & { readonly reported: string[] } {
  const reported: string[] = []
  return {
    id: fixture.part === undefined ? callId : `${callId}-${fixture.part}`,
    created: callCreated,
    model: fixture.model,
    stream: fixture.stream,
    body: frozenCopy(body ?? {}),
    headers: Object.freeze({ ...fixture.headers }),
    dropped: (field) => void reported.push(field),
    reported,
  }
}

/** The provider's verdict, or the default one: what the gateway does. */
export function classify(provider: Provider, response: FailedResponse): Fault {
  return provider.fault?.(response) ?? openaiFault(response)
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Bytes of one event that the gateway takes by default. */
const eventBytes = 16 * 1024 * 1024

/** What cuts the bytes of a case into events: the operation's own framing, or the kit's SSE parser. */
export function openFraming({ operation }: Pick<OpenCase, 'operation'>, limit = eventBytes): Framing {
  return operation.framing?.({ eventBytes: limit }) ?? createSseParser()
}

/** The vendor's answer byte by byte. */
export function answerBytes({ upstream }: FixtureCase): Uint8Array {
  return upstream?.bytes ?? Buffer.from(upstream?.text ?? '')
}

/** The upstream events of a streamed case. Throws what the framing throws. */
export function eventsOf(open: Pick<OpenCase, 'fixture' | 'operation'>): SseEvent[] {
  const { events, thrown } = readEvents(open, [answerBytes(open.fixture)])
  if (thrown === undefined) return [...events]
  throw new Error(`${open.fixture.name}: framing() threw ${thrownText(thrown)}`, { cause: thrown })
}

/** The events of a stream that comes in pieces, and what the framing threw after them. */
export function readEvents(
  open: Pick<OpenCase, 'operation'>,
  pieces: Iterable<Uint8Array>,
): { readonly events: readonly SseEvent[]; readonly thrown?: unknown } {
  const events: SseEvent[] = []
  try {
    const framing = openFraming(open)
    for (const piece of pieces) events.push(...framing.push(piece))
    events.push(...framing.end())
    return { events }
  } catch (thrown) {
    return { events, thrown: thrown ?? new Error('something undefined was thrown') }
  }
}

/** A new decoder for a translated stream. */
export function openDecoder({ operation, fixture }: OpenCase): StreamDecoder<unknown> {
  if (operation.stream === undefined) throw new TypeError('no stream() to open')
  return operation.stream(callOf(fixture))
}

/** What came out of a decoder: chunks, and the fault or error it stopped with. */
export interface Decoded {
  readonly chunks: readonly unknown[]
  readonly thrown?: unknown
  /** The number of the event that threw; the number of events when `end()` threw. */
  readonly thrownAt?: number
  /** For each chunk the number of the event it came from; the number of events for `end()`. */
  readonly origins: readonly number[]
}

/** Feeds the bytes of the vendor's answer to a new framing and a new decoder. */
export function decodeAnswer(open: OpenCase, bytes = answerBytes(open.fixture)): Decoded {
  const { events, thrown } = readEvents(open, [bytes])
  return decode(open, events, thrown)
}

/** Feeds events to a new decoder, then closes it, or fails with what the framing threw. */
export function decode(open: OpenCase, events: readonly SseEvent[], broken?: unknown): Decoded {
  const chunks: unknown[] = []
  const origins: number[] = []
  let at = 0
  try {
    const decoder = openDecoder(open)
    for (; at <= events.length; at += 1) {
      const event = events[at]
      if (event === undefined && broken !== undefined) throw broken
      const more = event === undefined ? (decoder.end?.() ?? []) : decoder.event(Object.freeze({ ...event }))
      chunks.push(...more)
      origins.push(...more.map(() => at))
    }
    return { chunks, origins }
  } catch (thrown) {
    return { chunks, origins, thrown, thrownAt: at }
  }
}

/** What was thrown, in words. */
export function thrownText(thrown: unknown): string {
  if (ProviderFault.is(thrown))
    return `a ProviderFault of kind ${thrown.fault.kind} (${thrown.fault.message})`
  return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown)
}

/** The outcome of a function that may throw. */
export function attempt<Value>(run: () => Value): { value: Value; thrown?: undefined } | { thrown: unknown } {
  try {
    return { value: run() }
  } catch (thrown) {
    return { thrown: thrown ?? new Error('something undefined was thrown') }
  }
}
