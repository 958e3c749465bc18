import {
  completionsOverChat,
  type HeaderMap,
  type Operation,
  type OperationName,
  type Provider,
  type Supports,
} from '@llmproxy/provider-kit'
import type { Dispatcher } from 'undici'
import type { Clock } from './clock.ts'
import type { GatewayConfig, ProviderConfig } from './config/schema.ts'
import { openUpstream } from './exchange/upstream.ts'
import { Breaker, type BreakerState } from './resilience/breaker.ts'
import { Cooldown } from './resilience/cooldown.ts'
import { Gate } from './resilience/gate.ts'
import { Pace } from './resilience/pace.ts'

/** A configured provider with its live state: connections, slots, breakers. */
export interface LiveProvider {
  readonly name: string
  readonly type: string
  readonly config: ProviderConfig
  readonly provider: Provider
  readonly supports: Supports
  /** What runs each operation, bridges included. */
  readonly codecs: Readonly<Partial<Record<OperationName, Operation>>>
  readonly baseUrl: string
  readonly origin: string
  /** Absent for a provider that answers in process. */
  readonly upstream: Dispatcher | undefined
  /** Headers of every request, lower case. */
  readonly headers: HeaderMap
  readonly gate: Gate
  readonly pace: Pace
  readonly deployments: Map<string, LiveDeployment>
}

/** The health of one configured model at one provider. */
export interface LiveDeployment {
  readonly breaker: Breaker
  readonly cooldown: Cooldown
}

export interface LiveProviderInput {
  readonly type: string
  readonly config: ProviderConfig
  readonly provider: Provider
  readonly settings: GatewayConfig
  readonly clock: Clock
  readonly userAgent: string
}

export function openLiveProvider({
  type,
  config,
  provider,
  settings,
  clock,
  userAgent,
}: LiveProviderInput): LiveProvider {
  const { origin, baseUrl } = splitBaseUrl(provider.baseUrl)
  return {
    name: config.name,
    type,
    config,
    provider,
    supports: { ...provider.supports, ...(config.supports as Supports | undefined) },
    codecs: codecsOf(provider),
    baseUrl,
    origin,
    upstream:
      provider.exchange === undefined
        ? openUpstream(origin, {
            connectTimeoutMs: (config.connect_timeout ?? settings.connect_timeout) * 1000,
            keepAliveMs: config.keepalive_timeout * 1000,
            allowH2: config.allow_h2,
          })
        : undefined,
    headers: requestHeaders(config, userAgent),
    gate: new Gate(config.max_connections, config.queue_timeout * 1000, clock),
    pace: new Pace(config.rate_limit, clock),
    deployments: new Map(),
  }
}

/** The live state of one configured model; `model` is the entry of the configuration, so there are only so many. */
export function deploymentOf(
  live: LiveProvider,
  model: string,
  settings: GatewayConfig,
  clock: Clock,
  changed: (state: BreakerState) => void,
): LiveDeployment {
  const known = live.deployments.get(model)
  if (known !== undefined) return known
  const { config } = live
  const breaker = new Breaker(
    {
      threshold: config.circuit_breaker_threshold ?? settings.circuit_breaker_threshold,
      timeoutMs: (config.circuit_breaker_timeout ?? settings.circuit_breaker_timeout) * 1000,
    },
    clock,
  )
  breaker.onChange = changed
  const deployment = { breaker, cooldown: new Cooldown(clock) }
  live.deployments.set(model, deployment)
  return deployment
}

function codecsOf({ operations }: Provider): Partial<Record<OperationName, Operation>> {
  const { chat, completions } = operations
  if (completions !== undefined || chat === undefined) return operations
  return { ...operations, completions: completionsOverChat(chat) }
}

/** True when the upstream answers in the OpenAI dialect, so that `stream_options` means something to it. */
export function speaksOpenai(live: LiveProvider, operation: OperationName): boolean {
  if (operation === 'messages') return false
  const { chat } = live.provider.operations
  const codec = live.provider.operations[operation] ?? (operation === 'completions' ? chat : undefined)
  return codec !== undefined && codec.stream === undefined && codec.response === undefined
}

function requestHeaders(config: ProviderConfig, userAgent: string): HeaderMap {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    // Compressed streams arrive in blocks; decoding them costs time and CPU.
    'accept-encoding': 'identity',
    'user-agent': userAgent,
  }
  for (const [name, value] of Object.entries(config.custom_headers)) headers[name.toLowerCase()] = value
  return headers
}

function splitBaseUrl(text: string): { origin: string; baseUrl: string } {
  const { origin, protocol, host, pathname } = new URL(text)
  // Schemes of in-process providers have no origin; nothing is sent there.
  const start = origin === 'null' ? `${protocol}//${host}` : origin
  return { origin: start, baseUrl: start + pathname.replace(/\/+$/, '') }
}
