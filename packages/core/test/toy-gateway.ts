import { definePlugin, type Provider, ProviderFault, type UpstreamResponse } from '@llmproxy/provider-kit'
import { z } from 'zod'
import { createGateway, type GatewayOptions } from '../src/create-gateway.ts'
import type { GatewayConfigInput } from '../src/config/schema.ts'
import type { Gateway } from '../src/gateway.ts'
import type { Outcome } from '../src/metrics/outcome.ts'

/** One plugin per toy: `Provider` members over a relaying default. */
export interface Toy {
  readonly provider: Partial<Provider>
  /** Members of the provider's configuration entry. */
  readonly entry?: object
}

export interface ToyGateway {
  readonly gateway: Gateway
  readonly outcomes: readonly Outcome[]
  readonly logged: readonly object[]
}

/** A gateway whose providers are `toys`, named `toy0`, `toy1`, … in the order in which they are asked; all serve model `m`. */
export async function toyGateway(
  toys: readonly Toy[],
  settings: Partial<GatewayConfigInput> = {},
  options: GatewayOptions = {},
): Promise<ToyGateway> {
  const outcomes: Outcome[] = []
  const logged: object[] = []
  const plugins = toys.map(({ provider }, index) =>
    definePlugin({ type: `toy${index}`, options: z.strictObject({}), create: () => toyProvider(provider) }),
  )
  const providers = toys.map(({ entry }, index) => ({
    name: `toy${index}`,
    type: `toy${index}`,
    priority: index + 1,
    models: ['m'],
    ...entry,
  }))
  const gateway = await createGateway(
    { keepalive_interval: 0, ...settings, providers },
    {
      plugins,
      observe: (outcome) => void outcomes.push(outcome),
      log: { error: (facts, message) => void logged.push({ ...facts, message }) },
      ...options,
    },
  )
  return { gateway, outcomes, logged }
}

function toyProvider(members: Partial<Provider>): Provider {
  return {
    baseUrl: 'toy://in-process',
    operations: { chat: { request: () => ({ path: '/chat' }) } },
    authorize: () => ({}),
    ...members,
  }
}

/** The body of a chat request for model `m`. */
export function chatBody(members: object = {}): object {
  return { model: 'm', messages: [{ role: 'user', content: 'hello' }], ...members }
}

/** A chat answer that says `text`. */
export function chatAnswer(text: string): object {
  return {
    id: 'toy',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [
      { index: 0, message: { role: 'assistant', content: text }, logprobs: null, finish_reason: 'stop' },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  }
}

/** An in-process answer of JSON. */
export function jsonResponse(value: unknown, status = 200, headers: object = {}): UpstreamResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(value)),
  }
}

/** An in-process answer of server-sent events, in the given pieces. */
export function eventResponse(pieces: AsyncIterable<Uint8Array> | Iterable<string>): UpstreamResponse {
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    body: Symbol.asyncIterator in pieces ? pieces : encoded(pieces),
  }
}

async function* encoded(pieces: Iterable<string>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield Buffer.from(piece)
}

/** A stream frame of a chat answer, as SSE. */
export function chatFrame(delta: object, finish: string | null = null): string {
  return `data: ${JSON.stringify({
    id: 'toy',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  })}\n\n`
}

/** A promise that never settles. */
export const never: Promise<never> = new Promise(() => undefined)

/** Throws a fault that a plugin should not have made. */
export function throwFault(fault: unknown): never {
  throw new ProviderFault(fault as ProviderFault['fault'])
}
