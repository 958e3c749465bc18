import { setTimeout as wait } from 'node:timers/promises'
import type { Egress, Ingress, Outcome } from '@llmproxy/core'
import type { HttpSettings } from '../src/live-settings.ts'
import type { ServedGateway } from '../src/served-gateway.ts'

/** What a request did at the fake gateway. */
export interface FakeGateway extends ServedGateway {
  readonly seen: Ingress[]
  readonly endings: Outcome['ending'][]
  status: 'healthy' | 'degraded' | 'unhealthy'
  isReady: boolean
  /** The operations that the server's limits refused. */
  readonly limited: string[]
  /** Ends the streams of model `hold`. */
  release(): void
}

const names = ['json', 'vendor/some-model']

/** A gateway without upstreams: the model's name says what it answers. */
export function fakeGateway(): FakeGateway {
  const held = new Set<() => void>()
  const release = () => {
    for (const end of held) end()
    held.clear()
  }
  const gateway: FakeGateway = {
    seen: [],
    endings: [],
    status: 'healthy',
    isReady: true,
    limited: [],
    async handle(ingress, egress) {
      gateway.seen.push(ingress)
      const ending = await answer(ingress, egress, held)
      gateway.endings.push(ending)
      return outcome(ingress, ending)
    },
    models: () => Promise.resolve({ object: 'list', data: names.map(modelLine) }),
    model: (id) => names.map(modelLine).find((model) => model.id === id),
    health: () => ({
      status: gateway.status,
      timestamp: 0,
      providers: { total: 1, healthy: 1, degraded: 0, unhealthy: 0 },
      uptime: '100.00%',
      last_check: '2026-01-01T00:00:00Z',
    }),
    providers: () => ({ providers: [] }),
    metrics: () => ({
      providers: {},
      summary: { average_success_rate: 1, total_requests: 0, average_response_time: 0, total_tokens: 0 },
      condensation: {
        requests: { summary: 0, truncated: 0, max_tokens: 0 },
        tokens_saved: 0,
        summaries: { made: 0, cache: 0, shared: 0 },
        summary_failures: { timeout: 0, failed: 0, too_large: 0, budget: 0, cancelled: 0 },
        summary_tokens: { input: 0, output: 0 },
      },
      timestamp: 0,
    }),
    prometheus: () => '# TYPE llmproxy_requests counter\n',
    ready: () => gateway.isReady,
    rateLimited: (operation) => void gateway.limited.push(operation),
    release,
  }
  return gateway
}

function modelLine(id: string) {
  return { id, object: 'model' as const, created: 0, owned_by: 'fake', providers: ['fake'] }
}

async function answer(ingress: Ingress, egress: Egress, held: Set<() => void>): Promise<Outcome['ending']> {
  const { model } = ingress.body
  const gone = new Promise<'client_gone'>((resolve) => {
    egress.onGone = () => resolve('client_gone')
  })
  if (model === 'hold') {
    egress.head(200, { 'content-type': 'text/event-stream' })
    egress.write('data: {"n":1}\n\n')
    const released = new Promise<'complete'>((resolve) => held.add(() => resolve('complete')))
    const ending = await Promise.race([gone, released])
    egress.end('data: [DONE]\n\n')
    return ending
  }
  if (model === 'stream') {
    egress.head(200, { 'content-type': 'text/event-stream', 'x-llmproxy-provider': 'fake' })
    for (let n = 1; n <= 3; n += 1) {
      egress.write(`data: {"n":${n}}\n\n`)
      await wait(1)
    }
    egress.end('data: [DONE]\n\n')
    return 'complete'
  }
  if (model === 'flood') return Promise.race([gone, flood(egress)])
  egress.head(200, { 'content-type': 'application/json', 'x-llmproxy-model': model })
  egress.end(
    Buffer.from(JSON.stringify({ id: ingress.id, caller: ingress.caller, bytes: ingress.bytes.length })),
  )
  return 'complete'
}

/** Writes 24 MiB as fast as the client reads. */
async function flood(egress: Egress): Promise<'complete'> {
  const block = Buffer.alloc(64 * 1024, 0x20)
  egress.head(200, { 'content-type': 'text/event-stream' })
  for (let n = 0; n < 384; n += 1) {
    if (!egress.write(block)) {
      await new Promise<void>((resolve) => {
        egress.onDrain = resolve
      })
    }
  }
  egress.end()
  return 'complete'
}

function outcome(ingress: Ingress, ending: Outcome['ending']): Outcome {
  return {
    requestId: ingress.id,
    operation: ingress.operation,
    caller: ingress.caller,
    model: ingress.body.model,
    stream: ingress.body.stream === true,
    ending,
    status: 200,
    errorCode: null,
    provider: 'fake',
    upstreamModel: ingress.body.model,
    attempts: [],
    usage: null,
    startedAt: 0,
    durationMs: 1.234,
    firstChunkMs: null,
    overheadMs: 0.1,
    bytesOut: 10,
    repairedFrames: 0,
    dropped: [],
  }
}

/** The settings of a server without keys and limits. */
export const openSettings: HttpSettings = {
  api_keys: [],
  api_key_header: 'X-API-Key',
  cors_origins: [],
  rate_limit_rpm: null,
  rate_limit_window: 60,
  rate_limits: {
    chat: null,
    completions: null,
    embeddings: null,
    images: null,
    videos: null,
    messages: null,
  },
  body_limit: 1024 * 1024,
  write_timeout: 10,
  max_client_connections: 1000,
  workers: 1,
  keep_alive_timeout: 80,
}
