import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse, throwFault, toyGateway } from '../test/toy-gateway.ts'
import { createGateway } from './create-gateway.ts'

const good = { provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer('hi'))) } }

test('a configuration with faults is refused with all of them, not with the first', async () => {
  const config = {
    providers: [
      { name: 'a', type: 'nobody', models: ['m'] },
      { name: 'b', type: 'none', models: ['m'] },
    ],
  }
  await expect(createGateway(config)).rejects.toThrow(/nobody[\s\S]*none/)
})

test('ids, time and chance are those that were given', async () => {
  const clock = new ManualClock()
  const { gateway, outcomes } = await toyGateway([good], {}, { clock, newId: () => 'my-id' })
  const answer = await gateway.respond('chat', chatBody())
  expect(await answer.json()).toMatchObject({ _proxy_info: { request_id: 'my-id' } })
  expect(outcomes[0]).toMatchObject({ requestId: 'my-id', startedAt: clock.epoch(), durationMs: 0 })
})

test('what the gateway tells of itself', async () => {
  const { gateway } = await toyGateway([
    { ...good, entry: { models: ['m', { id: 'n', context_window: 7 }] } },
    good,
  ])
  expect((await gateway.models()).data.map(({ id, providers }) => [id, providers])).toEqual([
    ['m', ['toy0', 'toy1']],
    ['n', ['toy0']],
  ])
  expect(gateway.model('n')).toMatchObject({ id: 'n', object: 'model', context_window: 7 })
  expect(gateway.model('toy1/m')).toMatchObject({ providers: ['toy1'] })
  expect(gateway.model('nobody')).toBeUndefined()
  expect(gateway.on.map(({ name, models }) => [name, models])).toEqual([
    ['toy0', ['m', 'n']],
    ['toy1', ['m']],
  ])
  expect([gateway.off, gateway.ready(), gateway.inFlight]).toEqual([[], true, 0])
})

test('health follows the outcomes: healthy, then unhealthy when nobody may be asked, then degraded until a probe succeeds', async () => {
  const clock = new ManualClock()
  let up = false
  const { gateway } = await toyGateway(
    [
      {
        provider: {
          exchange: () =>
            up
              ? Promise.resolve(jsonResponse(chatAnswer('hi')))
              : throwFault({ kind: 'upstream', message: 'down' }),
        },
        entry: { max_retries: 0, circuit_breaker_threshold: 1, circuit_breaker_timeout: 10 },
      },
    ],
    {},
    { clock },
  )
  const statusNow = () => (gateway.providers() as { providers: { status: string }[] }).providers[0]?.status
  expect(statusNow()).toBe('healthy')
  await gateway.respond('chat', chatBody())
  expect(statusNow()).toBe('unhealthy')
  expect((await gateway.respond('chat', chatBody())).headers['retry-after']).toBe('10')
  clock.advance(10_000)
  expect(statusNow()).toBe('degraded')
  up = true
  expect((await gateway.respond('chat', chatBody())).status).toBe(200)
  expect(gateway.health()).toMatchObject({ status: expect.stringMatching(/healthy|degraded/) as string })
})

test('rate-limit headers of the vendor pass on, the rest of its head does not', async () => {
  const { gateway } = await toyGateway([
    {
      provider: {
        exchange: () =>
          Promise.resolve(
            jsonResponse(chatAnswer('hi'), 200, {
              'x-ratelimit-remaining-requests': '9',
              'set-cookie': 'a=b',
              server: 'x',
              'x-request-id': 'theirs',
            }),
          ),
      },
      entry: { models: [{ id: 'm', upstream: 'modèle\r\nx: y' }] },
    },
  ])
  const { headers } = await gateway.respond('chat', chatBody())
  expect(headers).toMatchObject({ 'x-ratelimit-remaining-requests': '9', 'x-llmproxy-model': 'mod?le??x: y' })
  for (const name of ['set-cookie', 'server', 'x-request-id']) expect(headers).not.toHaveProperty(name)
})
