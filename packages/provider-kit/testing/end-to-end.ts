import type { FixtureCase, JsonObject } from './fixture.ts'
import type { GatewayLike } from './gateway.ts'
import { type ReplayScript, type ReplayUpstream, startReplayUpstream } from './replay-upstream.ts'
import type { OpenCase, Subject } from './subject.ts'

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
  return subject.createGateway(config, { plugins: [subject.plugin], env: {} })
}

/** The recorded answer of a case as a script; `writes` replaces the body. */
export function scriptOf(
  fixture: FixtureCase,
  writes?: readonly Uint8Array[],
  ending?: 'end' | 'cut',
): ReplayScript {
  const { status = 200, headers = {}, text = '' } = fixture.upstream ?? {}
  return { status, headers, writes: writes ?? [Buffer.from(text)], ...(ending && { ending }) }
}

/** The case can be asked through a gateway: it has a request and an answer, and the provider speaks HTTP. */
export function isPlayable({ fixture, provider }: OpenCase): boolean {
  return fixture.request !== undefined && fixture.upstream !== undefined && provider.exchange === undefined
}
