import type {
  Call,
  ChatChunk,
  ChatRequest,
  Operation,
  Provider,
  ProviderPlugin,
  StreamDecoder,
} from '@llmproxy/provider-kit'
import type { z } from 'zod'
import { ConformanceError } from '../check.ts'
import { conformance } from '../conformance.ts'
import type { Fixtures } from '../fixture.ts'
import type { CreateGateway } from '../gateway.ts'
import { toyChat } from './toy-chat.ts'
import toy from './toy-vendor.ts'

export type Chat = typeof toyChat
export type Decoder = StreamDecoder<ChatChunk>

/** The toy vendor with one thing wrong in its provider. */
export function withProvider(change: (provider: Provider, options: unknown) => object): ProviderPlugin {
  const create = (options: never): Provider => change(toy.create(options), options) as Provider
  return Object.freeze({ ...toy, create }) as ProviderPlugin
}

export function withChat(change: Partial<Record<keyof Chat, unknown>>): ProviderPlugin {
  return withProvider((provider) => ({
    ...provider,
    operations: { chat: { ...toyChat, ...change } as Operation },
  }))
}

/** The toy vendor with another decoder around its own. */
export function withDecoder(change: (decoder: Decoder, call: Call<ChatRequest>) => object): ProviderPlugin {
  return withChat({
    stream: (call: Call<ChatRequest>) => change(openToy(call), call),
  })
}

export function openToy(call: Call<ChatRequest>): Decoder {
  const decoder = toyChat.stream?.(call)
  if (decoder === undefined) throw new Error('the toy vendor streams')
  return decoder
}

export function withOptions(options: z.ZodType): ProviderPlugin {
  return Object.freeze({
    ...toy,
    options,
    create: () => toy.create({ api_key: undefined, base_url: 'http://toy.invalid' } as never),
  })
}

/** Runs the checks; gives the messages of those that failed, by name. */
export async function failures(
  plugin: ProviderPlugin,
  fixtures: Fixtures,
  createGateway?: CreateGateway,
): Promise<Map<string, string>> {
  const failed = new Map<string, string>()
  for (const check of conformance(plugin, fixtures, createGateway ? { createGateway } : {})) {
    await check.run().catch((error: unknown) => {
      if (!(error instanceof ConformanceError)) throw error
      failed.set(check.name, error.message)
    })
  }
  return failed
}
