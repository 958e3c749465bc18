import { apiKey, definePlugin, ProviderFault, type Secret } from '@llmproxy/provider-kit'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse } from '../test/toy-gateway.ts'
import { createGateway } from './create-gateway.ts'
import type { SharedPause } from './peers.ts'

/** What a vendor in process does with each key, and the keys that it has seen. */
class Vendor {
  readonly seen: string[] = []
  readonly faults = new Map<string, ProviderFault['fault']>()
  /** Answers wait for it. */
  open: Promise<unknown> = Promise.resolve()

  readonly plugin = definePlugin({
    type: 'vendor',
    options: z.strictObject({ api_key: apiKey() }),
    create: ({ api_key: key }: { api_key: Secret }) => ({
      baseUrl: 'vendor://in-process',
      operations: { chat: { request: () => ({ path: '/chat' }) } },
      authorize: () => ({}),
      exchange: async () => {
        this.seen.push(key.reveal())
        await this.open
        const fault = this.faults.get(key.reveal())
        if (fault !== undefined) throw new ProviderFault(fault)
        return jsonResponse(chatAnswer('hi'))
      },
    }),
  })
}

/** Gateways that hear of each other's pauses, each with the values of its own environment. */
async function gatewaysOf(vendor: Vendor, ...environments: Record<string, string>[]) {
  const clock = new ManualClock()
  const hears: ((pause: SharedPause) => void)[] = []
  const warned: object[] = []
  const providers = [{ name: 'v', type: 'vendor', models: ['m', 'n'], api_key_env: ['A', 'B'] }]
  const gateways = await Promise.all(
    environments.map((env, own) =>
      createGateway(
        { providers, keepalive_interval: 0 },
        {
          plugins: [vendor.plugin],
          env,
          clock,
          log: { error: () => undefined, warn: (facts, message) => void warned.push({ ...facts, message }) },
          peers: {
            // As text, as it goes from process to process.
            tell: (pause) =>
              hears.forEach(
                (hear, other) => other !== own && hear(JSON.parse(JSON.stringify(pause)) as SharedPause),
              ),
            listen: (hear) => void (hears[own] = hear),
          },
        },
      ),
    ),
  )
  const ask = async (gateway: number, model = 'm') => {
    const before = vendor.seen.length
    const { status } = await gateways[gateway]!.respond('chat', chatBody({ model }))
    return [status, ...vendor.seen.slice(before)]
  }
  const reload = (own: number, env: Record<string, string>) => gateways[own]!.reload({ providers }, env)
  return { clock, gateways, warned, ask, reload }
}

const refusal = { kind: 'authentication', message: 'no', status: 401 } as const
const limit = { kind: 'rate_limit', message: 'slow', status: 429 } as const

test('a key that one gateway was refused with is used by none of them; its rest at a model is theirs too', async () => {
  const vendor = new Vendor()
  const env = { A: 'key-a', B: 'key-b' }
  const { clock, gateways, warned, ask } = await gatewaysOf(vendor, env, env)
  vendor.faults.set('key-a', limit)
  expect(await ask(0)).toEqual([200, 'key-a', 'key-b'])
  expect(await ask(1)).toEqual([200, 'key-b'])
  vendor.faults.delete('key-a')
  expect(await ask(1, 'n')).toEqual([200, 'key-a'])
  clock.advance(5_000)
  vendor.faults.set('key-b', refusal)
  expect(await ask(0)).toEqual([200, 'key-b', 'key-a'])
  expect(await ask(1)).toEqual([200, 'key-a'])
  expect(warned).toEqual([
    { provider: 'v', key_env: 'B', for_seconds: 600, message: 'key refused: not used for now' },
  ])
  vendor.faults.set('key-a', refusal)
  expect(await ask(1)).toEqual([502, 'key-a'])
  expect(await ask(0)).toEqual([502])
  expect(gateways.map((gateway) => gateway.health().status)).toEqual(['unhealthy', 'unhealthy'])
})

test('a gateway that has another value under the same name is not concerned', async () => {
  const vendor = new Vendor()
  const { ask } = await gatewaysOf(vendor, { A: 'old-a', B: 'key-b' }, { A: 'new-a', B: 'key-b' })
  vendor.faults.set('old-a', refusal)
  expect(await ask(0)).toEqual([200, 'old-a', 'key-b'])
  expect(await ask(1)).toEqual([200, 'new-a'])
})

test('a gateway with one of the keys goes on as one with one key', async () => {
  const vendor = new Vendor()
  const { ask } = await gatewaysOf(vendor, { A: 'key-a', B: 'key-b' }, { A: 'key-a' })
  vendor.faults.set('key-a', limit)
  expect(await ask(0)).toEqual([200, 'key-a', 'key-b'])
  vendor.faults.delete('key-a')
  expect(await ask(1)).toEqual([200, 'key-a'])
})

test('of keys that a reload has replaced nobody is told', async () => {
  const vendor = new Vendor()
  const env = { A: 'key-a', B: 'key-b' }
  const { warned, ask, reload } = await gatewaysOf(vendor, env, env)
  let answer = () => undefined as void
  vendor.open = new Promise<void>((resolve) => (answer = resolve))
  const running = ask(0)
  await vi.waitUntil(() => vendor.seen.length === 1)
  await reload(0, { A: 'new-a', B: 'new-b' })
  vendor.faults.set('key-a', refusal)
  answer()
  expect(await running).toEqual([200, 'key-a', 'key-b'])
  expect(warned).toEqual([])
  expect((await ask(1))[1]).toBe('key-a')
})
