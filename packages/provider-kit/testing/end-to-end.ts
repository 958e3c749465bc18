import type { BinaryAnswer, Operation, Provider, ProviderPlugin } from '@llmproxy/provider-kit'
import { sentBody } from './checks/request.ts'
import { differences } from './difference.ts'
import { exchangesOf } from './exchanges.ts'
import type { FixtureCase, FollowFixture, JsonObject } from './fixture.ts'
import type { GatewayLike } from './gateway.ts'
import {
  type ReplayResponder,
  type ReplayScript,
  type ReplayUpstream,
  startReplayUpstream,
} from './replay-upstream.ts'
import { answerBytes, callOf, type OpenCase, parseJson, type Subject } from './subject.ts'

/** A gateway with one provider, the plugin under test, in front of a replay upstream. */
export interface Stage {
  readonly upstream: ReplayUpstream
  /** Sends the request of the case and reads the whole answer. */
  ask(fixture: FixtureCase): Promise<{ status: number; text: string }>
}

/** Sets up a stage for the options of a case, and takes it down when `use` is done. */
export async function onStage<Result>(
  subject: Subject,
  fixture: FixtureCase,
  use: (stage: Stage) => Promise<Result>,
): Promise<Result> {
  const upstream = await startReplayUpstream()
  let gateway: GatewayLike | undefined
  try {
    const opened = await openGateway(subject, fixture, upstream.url)
    gateway = opened
    return await use({
      upstream,
      async ask({ operation, request, headers }) {
        const answer = await opened.respond(operation, request, { headers: { ...headers } })
        return { status: answer.status, text: await answer.text() }
      },
    })
  } finally {
    await gateway?.close()
    await upstream.close()
  }
}

function openGateway(subject: Subject, fixture: FixtureCase, url: string): Promise<GatewayLike> {
  if (subject.createGateway === undefined) throw new Error('no createGateway was given')
  const model = fixture.request?.['model']
  const asked = typeof model === 'string' ? model : fixture.model
  const provider = {
    name: 'conformance',
    type: subject.plugin.type,
    ...subject.redirect(fixture.options, url),
    enabled: true,
    models: [asked === fixture.model ? asked : { id: asked, upstream: fixture.model }],
    max_retries: 0,
  }
  const config: JsonObject = { providers: [provider], proxy_info: false, max_attempts: 1 }
  return subject
    .createGateway(config, { plugins: [quick(subject.plugin)], env: {} })
    .catch((error: unknown) => Promise.reject(withAdvice(error)))
}

/** The one option that the author has not written. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.includes('base_url')) return error
  const advice =
    'the kit puts the address of its upstream there; for another option pass `redirect` to conformance()'
  return new Error(`${error.message} (${advice})`, { cause: error })
}

/** The same plugin, whose jobs are asked about at once. */
function quick(plugin: ProviderPlugin): ProviderPlugin {
  return Object.freeze({
    ...plugin,
    create(options: unknown) {
      const provider = plugin.create(options)
      const operations = Object.entries(provider.operations).map(([name, operation]) => [
        name,
        operation === undefined ? undefined : quickOperation(operation as Operation),
      ])
      return { ...provider, operations: Object.fromEntries(operations) as Provider['operations'] }
    },
  })
}

function quickOperation(operation: Operation): Operation {
  if (operation.follow === undefined) return operation
  return {
    ...operation,
    follow: (body, call, before) => {
      const asked = operation.follow?.(body, call, before)
      return asked && { ...asked, afterMs: 0 }
    },
  }
}

/** What the vendor answers in a case: one script, or one for each request of a split case or a job. */
export function answersOf(open: OpenCase, writes?: readonly Uint8Array[]): ReplayScript | ReplayResponder {
  const { fixture } = open
  if (fixture.upstreamParts !== undefined) return partAnswers(open)
  return fixture.follow === undefined ? scriptOf(fixture, writes) : jobAnswers(fixture, fixture.follow)
}

/** Parts are asked several at a time, so each is known by its body; equal ones get their answers in turn. */
function partAnswers(open: OpenCase): ReplayResponder {
  const waiting = exchangesOf(open).map(({ fixture, operation }) => ({
    body: sentBody(fixture, operation.request(callOf(fixture))),
    script: scriptOf(fixture),
  }))
  return ({ body, method }) => {
    if (method === 'GET') return undefined
    const sent = parseJson(body)
    const known = waiting.findIndex((part) => differences(part.body, sent).length === 0)
    return waiting.splice(Math.max(0, known), 1)[0]?.script
  }
}

function jobAnswers(fixture: FixtureCase, follow: readonly FollowFixture[]): ReplayResponder {
  let asked = -1
  return ({ method, path }) => {
    if (asked === -1) {
      if (method === 'GET') return undefined
      asked = 0
      return scriptOf(fixture)
    }
    const step = follow[asked]
    if (step === undefined || !path.endsWith(step.request.path)) return undefined
    asked += 1
    const file = step.response as Partial<BinaryAnswer>
    return step.binary === true
      ? {
          headers: { 'content-type': file.mediaType ?? '' },
          writes: [Buffer.from(file.base64 ?? '', 'base64')],
        }
      : {
          headers: { 'content-type': 'application/json' },
          writes: [Buffer.from(JSON.stringify(step.response))],
        }
  }
}

/** The recorded answer of a case as a script; `writes` replaces the body. */
export function scriptOf(
  fixture: FixtureCase,
  writes?: readonly Uint8Array[],
  ending?: 'end' | 'cut',
): ReplayScript {
  const { status = 200, headers = {} } = fixture.upstream ?? {}
  return { status, headers, writes: writes ?? [answerBytes(fixture)], ...(ending && { ending }) }
}

/** The case can be asked through a gateway: it has a request and an answer, and the provider speaks HTTP. */
export function isPlayable({ fixture, provider }: OpenCase): boolean {
  return fixture.request !== undefined && fixture.upstream !== undefined && provider.exchange === undefined
}
