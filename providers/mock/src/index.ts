import { definePlugin, type Operation, type Provider, type ProviderPlugin } from '@llmproxy/provider-kit'
import { z } from 'zod'
import { answer } from './answer.ts'
import { type MockClock, realClock } from './clock.ts'
import { FlakyCounter } from './flaky-counter.ts'
import { playInProcess } from './play-in-process.ts'
import { isObject } from './schema-instance.ts'
import { inOrder, pause } from './script.ts'

/** Options of `type: mock`. */
const options = z.strictObject({
  /** Milliseconds that every answer waits, besides what the model name says. */
  latency: z.int().min(0).max(3_600_000).default(0),
})

/** The mock's options after validation. */
export type MockOptions = z.output<typeof options>

const baseUrl = 'mock://in-process/v1'
const nothing = new Uint8Array(0)

/** The plugin with a clock of your own, so that tests can move time. */
export function createMockPlugin(clock: MockClock = realClock): ProviderPlugin<MockOptions> {
  return definePlugin({ type: 'mock', options, create: (values) => createProvider(values, clock) })
}

/** `type: mock`: models of the `mock-…` grammar, answered in process. */
export default createMockPlugin()

function createProvider({ latency }: MockOptions, clock: MockClock): Provider {
  const counter = new FlakyCounter()
  const surroundings = { earlierRequests: (model: string) => counter.take(model) }
  return {
    baseUrl,
    operations: {
      chat: relayed('/chat/completions'),
      completions: relayed('/completions'),
      embeddings: relayed('/embeddings'),
      images: relayed('/images/generations'),
      videos: relayed('/videos/generations'),
    },
    supports: { continuation: true },
    authorize: () => ({}),
    health: { request: () => ({ method: 'GET', path: '/models' }) },
    models: {
      request: () => ({ method: 'GET', path: '/models' }),
      response: readModels,
    },
    exchange: async ({ method, url, headers, body = nothing }, { signal }) => {
      const path = url.slice(baseUrl.length)
      const script = answer({ method, path, headers, body }, surroundings)
      return playInProcess(latency === 0 ? script : inOrder(pause(latency), script), signal, clock)
    },
  }
}

function readModels(body: unknown): readonly string[] {
  const list: readonly unknown[] = isObject(body) && Array.isArray(body.data) ? body.data : []
  return list.flatMap((model) => (isObject(model) && typeof model.id === 'string' ? [model.id] : []))
}

function relayed(path: string): Operation<never, never, never> {
  return { request: () => ({ path }) }
}
