import { checkConfig, type Clock, formatProblem, type Gateway, type GatewayConfigInput } from '@llmproxy/core'
import anthropic from '@llmproxy/provider-anthropic'
import mock from '@llmproxy/provider-mock'
import openai from '@llmproxy/provider-openai'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { startServer } from '@llmproxy/server'
import { onTestFinished } from 'vitest'

export type Fields = Readonly<Record<string, unknown>>
type ProviderInput = NonNullable<GatewayConfigInput['providers']>[number]

export interface Proxy {
  readonly url: string
  readonly gateway: Gateway
  /** The log's one line of each request, newest last. */
  readonly requests: readonly Fields[]
  /** Every line of the log below an error, these among them. */
  readonly lines: readonly LogLine[]
  close(): Promise<void>
}

export interface LogLine {
  readonly message: string
  readonly fields: Fields
}

export interface ProxyOptions {
  readonly clock?: Clock
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number
  /** Where keys of providers are looked up. Default: nowhere. */
  readonly env?: Readonly<Record<string, string>>
  /** Beside those for the OpenAI wire, Anthropic and the mock. */
  readonly plugins?: readonly ProviderPlugin[]
}

const unlimited = {
  chat: null,
  completions: null,
  embeddings: null,
  images: null,
  videos: null,
  messages: null,
}

/**
 * A whole gateway behind real HTTP, with rate limits and background health checks off and short waits unless `config` says otherwise.
 * Closed with the test.
 */
export async function startProxy(
  config: GatewayConfigInput,
  { plugins = [], ...options }: ProxyOptions = {},
): Promise<Proxy> {
  const checked = checkConfig(
    {
      port: 0,
      rate_limit_rpm: null,
      rate_limits: unlimited,
      shutdown_timeout: 0.1,
      health_check_interval: 0,
      ...config,
    },
    {},
  )
  if (checked.config === undefined) throw new Error(checked.problems.map(formatProblem).join('\n'))
  const requests: Fields[] = []
  const lines: LogLine[] = []
  const bugs: object[] = []
  const note = (fields: object, message: string) => {
    lines.push({ message, fields: fields as Fields })
    if (message === 'request') requests.push(fields as Fields)
  }
  const logger = {
    debug: ignore,
    info: note,
    warn: note,
    error: (facts: object) => void bugs.push(facts),
    flush: () => Promise.resolve(),
  }
  const server = await startServer(checked, {
    plugins: [openai, openaiCompatible, anthropic, mock, ...plugins],
    version: 'test',
    print: ignore,
    logger: () => logger,
    ...options,
  })
  let closing: Promise<void> | undefined
  const close = () => (closing ??= server.close())
  onTestFinished(async () => {
    await close()
    if (bugs.length > 0) throw new Error(`the gateway logged errors: ${JSON.stringify(bugs)}`)
  })
  return { url: server.url, gateway: server.gateway, requests, lines, close }
}

/** A provider of the OpenAI wire at `url`, for the model `m`, that retries without waiting. */
export function provider(name: string, url: string, more: Partial<ProviderInput> = {}): ProviderInput {
  return {
    name,
    type: 'openai_compatible',
    base_url: `${url}/v1`,
    api_key: `upstream-key-of-${name}`,
    operations: ['chat', 'completions', 'embeddings', 'images', 'videos'],
    models: ['m'],
    retry_delay: 0.001,
    ...more,
  }
}

/** Two providers of the same model; the first is asked first. */
export function pair(first: ProviderInput, second: ProviderInput): ProviderInput[] {
  return [
    { ...first, priority: 1 },
    { ...second, priority: 2 },
  ]
}

/** A sample of `GET /metrics` in the text format, 0 when it is not there. */
export async function metric(
  proxy: Proxy,
  name: string,
  labels: Readonly<Record<string, string>>,
): Promise<number> {
  const text = await (await fetch(`${proxy.url}/metrics`, { headers: { accept: 'text/plain' } })).text()
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  const line = text
    .split('\n')
    .find((each) => each.startsWith(`${name}{`) && wanted.every((label) => each.includes(label)))
  return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ')))
}

function ignore(): void {}
