import { definePlugin, type Provider } from '@llmproxy/provider-kit'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../test/manual-clock.ts'
import { chatBody, jsonResponse, never, toyGateway } from '../test/toy-gateway.ts'
import { createGateway } from './create-gateway.ts'
import type { SharedPause } from './peers.ts'

const answer = Buffer.from(
  JSON.stringify({
    id: 'x',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  }),
)

/** Answers in process; models that begin with `bad` fail. */
function toy(asked: string[]): Provider {
  return {
    baseUrl: 'toy://in-process',
    operations: { chat: { request: () => ({ path: '/chat' }) } },
    authorize: () => ({}),
    exchange: ({ body }) => {
      const { model } = JSON.parse(Buffer.from(body!).toString()) as { model: string }
      asked.push(model)
      const status = model.startsWith('bad') ? 500 : 200
      return Promise.resolve({ status, headers: {}, body: status === 200 ? answer : Buffer.from('{}') })
    },
  }
}

async function start() {
  const asked: string[] = []
  const plugin = definePlugin({ type: 'toy', options: z.strictObject({}), create: () => toy(asked) })
  const gateway = await createGateway(
    {
      circuit_breaker_threshold: 2,
      providers: [{ name: 'toy', type: 'toy', models: ['*'], max_retries: 0 }],
    },
    { plugins: [plugin] },
  )
  const chat = async (model: string) => {
    const body = { model, messages: [{ role: 'user', content: 'x' }] }
    return (await gateway.respond('chat', body)).status
  }
  return { asked, gateway, chat }
}

test('a model that keeps failing does not close the other models of its pattern', async () => {
  const { asked, gateway, chat } = await start()
  expect([await chat('bad-1'), await chat('bad-1'), await chat('bad-1')]).toEqual([502, 502, 503])
  expect(asked).toEqual(['bad-1', 'bad-1'])
  expect(await chat('good-1')).toBe(200)
  expect(gateway.prometheus()).toMatch(/llmproxy_breaker_state\{[^}]*"\*"[^}]*\} 2/)
  await gateway.close()
})

test('names that clients invent cost a bounded number of breakers, and never become a metric', async () => {
  const { gateway, chat } = await start()
  for (let index = 0; index < 400; index++) expect(await chat(`good-${index}`)).toBe(200)
  expect([await chat('bad-new'), await chat('bad-new')]).toEqual([502, 502])
  // There is one breaker for all names beyond the first 256.
  expect([await chat('good-256'), await chat('good-new'), await chat('good-255')]).toEqual([503, 503, 200])
  expect(gateway.prometheus()).not.toMatch(/(?:bad|good)-/)
  // Nor are they told to other clients.
  const { providers } = gateway.providers() as { providers: [{ breakers: object }] }
  expect(providers[0].breakers).toEqual({ '*': 'open' })
  await gateway.close()
})

test('what other gateways tell is time without the provider, also when a pause grows; it is opened there, not here', async () => {
  const clock = new ManualClock()
  let hear: (pause: SharedPause) => void = () => undefined
  const told: SharedPause[] = []
  const peers = {
    tell: (pause: SharedPause) => void told.push(pause),
    listen: (heard: typeof hear) => void (hear = heard),
  }
  const { gateway } = await toyGateway([{ provider: { exchange: () => never } }], {}, { clock, peers })
  const pause = { provider: 'toy0', model: 'm', entry: 'm', cause: 'breaker', forMs: 10_000 } as const
  hear(pause)
  clock.advance(5_000)
  hear(pause)
  expect(gateway.health()).toMatchObject({ status: 'unhealthy', uptime: '0.00%' })
  expect((gateway.providers() as { providers: object[] }).providers[0]).toMatchObject({
    status: 'unhealthy',
    reason: 'breaker_open',
    uptime: '0.00%',
  })
  clock.advance(15_000)
  expect(gateway.health()).toMatchObject({ status: 'degraded', uptime: '25.00%' })
  hear({ ...pause, entry: 'unknown' })
  expect(gateway.health()).toMatchObject({ status: 'degraded' })
  expect(told).toEqual([])
  expect(gateway.prometheus()).not.toContain('llmproxy_breaker_opened_total{')
})

test('a model that a reload removed is in no metric and no status, though a request of before asks it again', async () => {
  const fails: (() => void)[] = []
  const exchange = () =>
    new Promise<ReturnType<typeof jsonResponse>>((resolve) => {
      fails.push(() => resolve(jsonResponse({}, 500)))
    })
  const entry = { max_retries: 1, retry_delay: 0, circuit_breaker_threshold: 1 }
  const { gateway } = await toyGateway([{ provider: { exchange }, entry }])
  const last = gateway.respond('chat', chatBody())
  await gateway.reload({ providers: [{ name: 'toy0', type: 'toy0', models: ['n'], ...entry }] })
  fails[0]?.()
  await vi.waitUntil(() => fails[1])
  fails[1]?.()
  expect((await last).status).toBe(502)
  expect(gateway.prometheus()).not.toMatch(/llmproxy_breaker_state\{/)
  expect((gateway.providers() as { providers: object[] }).providers).toMatchObject([
    { status: 'degraded', breakers: {} },
  ])
})
