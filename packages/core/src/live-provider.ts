import { hash } from 'node:crypto'
import type { LookupFunction } from 'node:net'
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
import { openElsewhere } from './exchange/elsewhere.ts'
import { openUpstream } from './exchange/upstream.ts'
import { KeyRing } from './key-ring.ts'
import type { SharedPause } from './peers.ts'
import type { ConfiguredKey } from './plugins/create-provider.ts'
import { Breaker, type BreakerOptions, type BreakerState } from './resilience/breaker.ts'
import { Cooldown } from './resilience/cooldown.ts'
import { Gate } from './resilience/gate.ts'
import { Pace } from './resilience/pace.ts'
import { entryOf, type RouteTarget } from './routing/route-target.ts'

/** A configured provider with its live state: connections, slots, breakers. */
export interface LiveProvider {
  readonly name: string
  readonly type: string
  readonly config: ProviderConfig
  /** With the first of its keys. */
  readonly provider: Provider
  /** Only when there are several: then they authorize, classify and send in place of `provider`. */
  readonly keys: KeyRing | undefined
  readonly supports: Supports
  /** What runs each operation, bridges included. */
  readonly codecs: Readonly<Partial<Record<OperationName, Operation>>>
  readonly baseUrl: string
  readonly origin: string
  /** Absent for a provider that answers in process. */
  readonly upstream: Dispatcher | undefined
  /** Connections to other addresses than its own. */
  readonly elsewhere: Dispatcher
  /** Headers of every request, lower case. */
  readonly headers: HeaderMap
  readonly gate: Gate
  readonly pace: Pace
  readonly deployments: Deployments
  /** A digest of what its live state is about: type, address and credentials. */
  readonly identity: string
  /** What `upstream` and `elsewhere` were opened with. */
  readonly upstreamKey: string
}

export type Deployments = Map<string, LiveDeployment>

/** The health of one model at one provider. */
export interface LiveDeployment {
  /** The id of the configured entry that the model was found by. */
  readonly entry: string
  readonly breaker: Breaker
  readonly cooldown: Cooldown
}

export interface LiveProviderInput {
  readonly type: string
  readonly config: ProviderConfig
  readonly provider: Provider
  /** Default: one, which `provider` has. */
  readonly keys?: readonly ConfiguredKey[]
  readonly settings: GatewayConfig
  readonly clock: Clock
  readonly userAgent: string
  /** The texts of its configuration that must never be shown, its keys among them. */
  readonly secrets: readonly string[]
  /** Resolves names. Default: the system's. */
  readonly lookup?: LookupFunction | undefined
}

/** `before`: the provider of the same name until now, whose live state is carried over as far as it is about the same thing. */
export function openLiveProvider(input: LiveProviderInput, before?: LiveProvider): LiveProvider {
  const { type, config, provider, clock, userAgent } = input
  const { origin, baseUrl } = splitBaseUrl(provider.baseUrl)
  const identity = identityOf(input, baseUrl)
  const keys = keysOf(input, baseUrl, before)
  const same = before?.identity === identity || keys?.goesOn === true
  return {
    name: config.name,
    type,
    config,
    provider,
    keys,
    supports: { ...provider.supports, ...(config.supports as Supports | undefined) },
    codecs: codecsOf(provider),
    baseUrl,
    origin,
    ...connections(input, origin, before),
    headers: requestHeaders(config, userAgent),
    gate: gateOf(config, clock, before),
    pace: before?.pace.limited(config.rate_limit) ?? new Pace(config.rate_limit, clock),
    identity,
    // What was learnt about another address or with another key says nothing about this one.
    deployments: same ? carriedOver(before!, input) : new Map(),
  }
}

/** What is known of a key is about one address, and so is what its deployments have shown. */
function keysOf(
  { type, keys = [], clock }: LiveProviderInput,
  baseUrl: string,
  before: LiveProvider | undefined,
): KeyRing | undefined {
  const known = before?.type === type && before.baseUrl === baseUrl ? before.keys : undefined
  return keys.length > 1 ? new KeyRing(keys, clock, known) : undefined
}

/** The provider as it is asked with one of its keys. */
export function withKey(live: LiveProvider, { provider }: Pick<LiveProvider, 'provider'>): LiveProvider {
  return { ...live, provider }
}

/** The provider as it is asked outside of any attempt: with a key that is accepted, as far as that is known. */
export function withBestKey(live: LiveProvider): LiveProvider {
  const [best] = live.keys?.best ?? []
  return best === undefined ? live : withKey(live, best)
}

function connections(
  { config, provider, settings, clock, lookup }: LiveProviderInput,
  origin: string,
  before: LiveProvider | undefined,
): Pick<LiveProvider, 'upstream' | 'elsewhere' | 'upstreamKey'> {
  const inProcess = provider.exchange !== undefined
  const limits = {
    connectTimeoutMs: (config.connect_timeout ?? settings.connect_timeout) * 1000,
    keepAliveMs: config.keepalive_timeout * 1000,
    allowH2: config.allow_h2,
  }
  const upstreamKey = JSON.stringify([origin, inProcess, limits])
  if (before?.upstreamKey === upstreamKey) {
    const { upstream, elsewhere } = before
    return { upstream, elsewhere, upstreamKey }
  }
  const options = { ...limits, clock, lookup }
  return {
    upstream: inProcess ? undefined : openUpstream(origin, options),
    elsewhere: openElsewhere(options),
    upstreamKey,
  }
}

/** The gate itself goes on, since requests in flight give their slots back to it. */
function gateOf(config: ProviderConfig, clock: Clock, before: LiveProvider | undefined): Gate {
  const [limit, queueTimeoutMs] = [config.max_connections, config.queue_timeout * 1000]
  if (before === undefined) return new Gate(limit, queueTimeoutMs, clock)
  before.gate.configure(limit, queueTimeoutMs)
  return before.gate
}

/** The breakers and pauses of the models that are still configured, under the limits of now. */
function carriedOver(before: LiveProvider, { config, settings }: LiveProviderInput): Deployments {
  const { deployments } = before
  const entries = new Set(config.models.map((model) => entryOf(model).id))
  for (const [key, deployment] of deployments) {
    if (entries.has(deployment.entry)) deployment.breaker.configure(breakerOptions(config, settings))
    else {
      deployments.delete(key)
      silence(before, [deployment])
    }
  }
  return deployments
}

/** Nobody is told any more what becomes of these: only requests that began before a reload still ask them. */
export function silence({ keys }: LiveProvider, deployments: Iterable<LiveDeployment>): void {
  for (const deployment of deployments) {
    deployment.breaker.onChange = undefined
    deployment.cooldown.onStart = undefined
    keys?.listen(deployment, undefined)
  }
}

function identityOf({ type, secrets }: LiveProviderInput, baseUrl: string): string {
  return hash('sha256', JSON.stringify([type, baseUrl, secrets]))
}

function breakerOptions(config: ProviderConfig, settings: GatewayConfig): BreakerOptions {
  return {
    threshold: config.circuit_breaker_threshold ?? settings.circuit_breaker_threshold,
    timeoutMs: (config.circuit_breaker_timeout ?? settings.circuit_breaker_timeout) * 1000,
    windowMs: (config.circuit_breaker_window ?? settings.circuit_breaker_window) * 1000,
  }
}

/** What is asked at a provider: the upstream model, and the id of the configured entry that it was found by. */
export type Asked = Pick<RouteTarget, 'upstreamModel' | 'entry'>

/** Models that were found by a pattern have a breaker each, up to this many: their names come from clients. */
const maxDeployments = 256

/** The name of the live state of a model: its own while there is room, else its entry's, of which there are only so many. */
export function deploymentKey({ deployments }: LiveProvider, { upstreamModel, entry }: Asked): string {
  return deployments.has(upstreamModel) || deployments.size < maxDeployments ? upstreamModel : entry
}

/** The live state of one model at one provider, made when it is first asked. */
export function deploymentOf(
  live: LiveProvider,
  asked: Asked,
  settings: GatewayConfig,
  clock: Clock,
  listener: DeploymentListener,
): LiveDeployment {
  const key = deploymentKey(live, asked)
  const known = live.deployments.get(key)
  if (known !== undefined) return known
  const { entry } = asked
  const breaker = new Breaker(breakerOptions(live.config, settings), clock)
  const cooldown = new Cooldown(clock)
  const pause = { provider: live.name, model: key, entry }
  breaker.onChange = (state, told) => {
    listener.changed(live.name, entry, worstState(live, entry))
    if (state === 'open' && !told)
      listener.paused({ ...pause, cause: 'breaker', forMs: breaker.retryAfterMs() })
  }
  cooldown.onStart = (forMs, guessed) => listener.paused({ ...pause, cause: 'cooldown', forMs, guessed })
  const deployment = { entry, breaker, cooldown }
  live.keys?.listen(deployment, (told) => listener.paused({ ...pause, ...told }))
  live.deployments.set(key, deployment)
  return deployment
}

/** Who is told what becomes of a deployment. */
export interface DeploymentListener {
  /** `worst`: the state of the least well of the entry's breakers. */
  changed(provider: string, entry: string, worst: BreakerState): void
  /** By what was seen here, not by what others told. */
  paused(pause: SharedPause): void
}

/** Metrics name the entry, not the models that clients found by it; an open breaker must not hide behind a closed one. */
export function worstState({ deployments }: LiveProvider, entry: string): BreakerState {
  let worst: BreakerState = 'closed'
  for (const deployment of deployments.values()) {
    const { state } = deployment.breaker
    if (deployment.entry !== entry || state === 'closed') continue
    if (state === 'open') return 'open'
    worst = state
  }
  return worst
}

/** The operations that are there: plugins write `embeddings: wanted ? {…} : undefined`. */
export function ownOperations({ operations }: Provider): readonly OperationName[] {
  const names = Object.keys(operations) as OperationName[]
  return names.filter((name) => operations[name] !== undefined)
}

function codecsOf(provider: Provider): Partial<Record<OperationName, Operation>> {
  const { operations } = provider
  const own = Object.fromEntries(ownOperations(provider).map((name) => [name, operations[name]]))
  const { chat, completions } = operations
  return completions !== undefined || chat === undefined
    ? own
    : { ...own, completions: completionsOverChat(chat) }
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
