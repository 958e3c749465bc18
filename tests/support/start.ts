import {
  createGateway,
  type Gateway,
  type GatewayConfigInput,
  type Outcome,
  type SummaryReport,
} from '@llmproxy/core'
import anthropic from '@llmproxy/provider-anthropic'
import mock from '@llmproxy/provider-mock'
import { type MockServer, startMockServer } from '@llmproxy/provider-mock/server'
import openai from '@llmproxy/provider-openai'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { buildApp } from '@llmproxy/server'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

type ProviderInput = NonNullable<GatewayConfigInput['providers']>[number]

export interface StartOptions {
  /** How many mock upstreams to start. Default: 1. */
  readonly mocks?: number
  /** The configuration, made from the URLs of the mocks. Default: {@link compatible} at the first one. */
  readonly config?: (urls: readonly string[]) => GatewayConfigInput
}

/** One line of the server's log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: object
}

export interface Started extends AsyncDisposable {
  /** `http://127.0.0.1:port`, without `/v1`. */
  readonly url: string
  readonly upstreams: readonly MockServer[]
  readonly gateway: Gateway
  /** Of every request that has ended, oldest first. A live array. */
  readonly outcomes: readonly Outcome[]
  /** Of every summary that was made or failed, oldest first. A live array. */
  readonly summaries: readonly SummaryReport[]
  readonly log: readonly LogLine[]
  /** Waits until this many requests have ended, and gives the last of them. Rejects after five seconds. */
  ended(count?: number): Promise<Outcome>
  /** Closes the server, the gateway and the mocks, whatever they are doing. */
  close(): Promise<void>
}

/** A real gateway behind its real HTTP server on a free loopback port, and mock upstreams beside it. */
export async function start({ mocks = 1, config }: StartOptions = {}): Promise<Started> {
  const upstreams = await Promise.all(Array.from({ length: mocks }, () => startMockServer()))
  const urls = upstreams.map((upstream) => upstream.url)
  const outcomes: Outcome[] = []
  const summaries: SummaryReport[] = []
  const log: LogLine[] = []
  const gateway = await createGateway(
    { ...noLimits, ...(config?.(urls) ?? { providers: [compatible(urls[0]!)] }) },
    {
      plugins: [anthropic, mock, openai, openaiCompatible],
      observe: (outcome) => void outcomes.push(outcome),
      observeSummary: (report) => void summaries.push(report),
    },
  )
  const write = (level: LogLine['level']) => (fields: object, message: string) =>
    void log.push({ level, message, fields })
  const app = buildApp(gateway, {
    settings: gateway.config,
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const close = async () => {
    app.server.closeAllConnections()
    await app.close()
    await gateway.close()
    await Promise.all(upstreams.map((upstream) => upstream.close()))
  }
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    upstreams,
    gateway,
    outcomes,
    summaries,
    log,
    ended: (count = 1) => ended(outcomes, count),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const noLimits = {
  rate_limit_rpm: null,
  rate_limits: {
    chat: null,
    completions: null,
    embeddings: null,
    images: null,
    videos: null,
    messages: null,
  },
} satisfies GatewayConfigInput

/** A provider entry for an upstream with OpenAI's wire, `url` without `/v1`. It is asked once, and no breaker opens: both hide what a test looks for. */
export function compatible(url: string, changes: Partial<ProviderInput> = {}): ProviderInput {
  return {
    name: 'compatible',
    type: 'openai_compatible',
    base_url: `${url}/v1`,
    operations: ['chat', 'completions', 'embeddings', 'images'],
    models: ['mock-*'],
    max_retries: 0,
    circuit_breaker_threshold: 1_000_000,
    ...changes,
  }
}

/** The same for an upstream with Anthropic's wire. */
export function anthropicWire(url: string, changes: Partial<ProviderInput> = {}): ProviderInput {
  return {
    name: 'anthropic-wire',
    type: 'anthropic',
    base_url: url,
    api_key: 'test-key',
    models: ['mock-*'],
    max_retries: 0,
    circuit_breaker_threshold: 1_000_000,
    ...changes,
  }
}

async function ended(outcomes: readonly Outcome[], count: number): Promise<Outcome> {
  const giveUpAt = performance.now() + 5000
  while (outcomes.length < count) {
    if (performance.now() > giveUpAt)
      throw new Error(`${outcomes.length} requests have ended within five seconds, not ${count}`)
    await sleep(5)
  }
  return outcomes[count - 1]!
}
