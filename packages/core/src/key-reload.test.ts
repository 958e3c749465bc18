import { definePlugin, ProviderFault } from '@llmproxy/provider-kit'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse } from '../test/toy-gateway.ts'
import { createGateway } from './create-gateway.ts'

const entry = { name: 'v', type: 'vendor', models: ['m'], max_retries: 0, circuit_breaker_threshold: 1 }

/** A gateway with two keys for a vendor that is down at one of its addresses. */
async function gatewayAt(base: string) {
  const vendor = definePlugin({
    type: 'vendor',
    options: z.strictObject({ api_key: z.string(), base: z.string() }),
    create: ({ base: baseUrl }) => ({
      baseUrl,
      operations: { chat: { request: () => ({ path: '/chat' }) } },
      authorize: () => ({}),
      exchange: async () => {
        if (baseUrl === 'vendor://down') throw new ProviderFault({ kind: 'upstream', message: 'down' })
        return jsonResponse(chatAnswer('hi'))
      },
    }),
  })
  const config = (at: string, keys: string[]) => ({
    providers: [{ ...entry, base: at, api_key_env: keys }],
    keepalive_interval: 0,
  })
  const env = { A: 'key-a', B: 'key-b', C: 'key-c' }
  const options = { plugins: [vendor], env, clock: new ManualClock() }
  const gateway = await createGateway(config(base, ['A', 'B']), options)
  onTestFinished(() => gateway.close())
  return {
    status: async () => (await gateway.respond('chat', chatBody())).status,
    reload: (at: string, ...keys: string[]) => gateway.reload(config(at, keys)),
  }
}

test('with another list of keys a breaker goes on while one of them stays, but not for another address', async () => {
  const { status, reload } = await gatewayAt('vendor://down')
  expect([await status(), await status()]).toEqual([502, 503])
  await reload('vendor://down', 'B', 'C')
  expect(await status()).toBe(503)
  await reload('vendor://up', 'B', 'C')
  expect(await status()).toBe(200)
})
