import { definePlugin, type UpstreamResponse } from '@llmproxy/provider-kit'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse } from '../test/toy-gateway.ts'
import { createGateway, type GatewayOptions } from './create-gateway.ts'

const well = () => jsonResponse(chatAnswer('hi'))

function fail(): never {
  throw new Error('the disk is full')
}

/** A gateway whose vendor answers `health` and chats, by key, as `answer` says. */
async function gatewayOf(
  answer: (path: string, key: string) => UpstreamResponse,
  options: GatewayOptions,
  keys = ['A'],
) {
  const vendor = definePlugin({
    type: 'vendor',
    options: z.strictObject({ api_key: z.string() }),
    create: ({ api_key: key }) => ({
      baseUrl: 'vendor://here',
      operations: { chat: { request: () => ({ path: '/chat' }) } },
      health: { request: () => ({ method: 'GET' as const, path: '/health' }) },
      authorize: () => ({}),
      exchange: async ({ url }) => answer(new URL(url).pathname, key),
    }),
  })
  const providers = [{ name: 'v', type: 'vendor', models: ['m'], api_key_env: keys }]
  const env = { A: 'key-a', B: 'key-b' }
  const gateway = await createGateway(
    { providers, keepalive_interval: 0 },
    { plugins: [vendor], env, random: () => 0, ...options },
  )
  onTestFinished(() => gateway.close())
  return { gateway, status: async () => (await gateway.respond('chat', chatBody())).status }
}

test('a log that throws breaks no request, and takes nothing along that a request holds', async () => {
  const refused = (_path: string, key: string) => (key === 'key-a' ? jsonResponse({}, 401) : well())
  const { gateway, status } = await gatewayOf(refused, { log: { error: fail, warn: fail } }, ['A', 'B'])
  expect(await status()).toBe(200)
  const broken = await gatewayOf(fail, { log: { error: fail } })
  expect(await broken.status()).toBe(502)
  expect([gateway.inFlight, broken.gateway.inFlight]).toEqual([0, 0])
})

test('who throws when told of health breaks neither checks nor requests', async () => {
  const clock = new ManualClock()
  const errors: object[] = []
  const options = { clock, log: { error: (facts: object) => void errors.push(facts) } }
  const refused = (path: string) => (path === '/health' ? jsonResponse({}, 401) : well())
  const { gateway, status } = await gatewayOf(refused, options)
  let found = 0
  gateway.watchHealth(fail, () => {
    found += 1
    fail()
  })
  clock.advance(1)
  await expect.poll(() => gateway.health().status).toBe('unhealthy')
  expect(await status()).toBe(200)
  await expect.poll(() => gateway.health().status).toBe('healthy')
  clock.advance(120_000)
  clock.advance(120_000)
  await expect.poll(() => found).toBe(2)
  expect(errors).toContainEqual({ error: 'Error: the disk is full' })
})
