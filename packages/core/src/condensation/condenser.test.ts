import type { Provider } from '@llmproxy/provider-kit'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import {
  chatAnswer,
  chatBody,
  chatFrame,
  eventResponse,
  jsonResponse,
  toyGateway,
} from '../../test/toy-gateway.ts'
import type { GatewayOptions } from '../create-gateway.ts'
import type { SharedSummaries } from './shared-summaries.ts'

type Answer = ReturnType<NonNullable<Provider['exchange']>>

const tooLong = () =>
  Promise.resolve(
    jsonResponse(
      { error: { message: 'too long', type: 'x', param: null, code: 'context_length_exceeded' } },
      400,
    ),
  )
const streams = () =>
  Promise.resolve(eventResponse([chatFrame({ content: 'hi' }), chatFrame({}, 'stop'), 'data: [DONE]\n\n']))

const messages = [
  { role: 'user', content: 'a'.repeat(4_000) },
  { role: 'assistant', content: 'b' },
  { role: 'user', content: 'c' },
]

/** A gateway of one model whose answers come in this order. */
function condensing(
  answers: readonly (() => Answer)[],
  settings: object,
  clock: ManualClock,
  options: GatewayOptions = {},
) {
  let asked = 0
  const provider = { exchange: () => answers[asked++]!() }
  return toyGateway(
    [{ provider }],
    { condensation: { streaming: true, ...settings }, keepalive_interval: 5 },
    { clock, ...options },
  )
}

test('a stream is kept open while its summary is made, and no timer is left', async () => {
  const clock = new ManualClock()
  const summary = Promise.withResolvers<Awaited<Answer>>()
  const settings = { timeout: 60, cache_ttl: 0 }
  const { gateway, outcomes } = await condensing([tooLong, () => summary.promise, streams], settings, clock)
  const answer = gateway.respond('chat', chatBody({ messages, stream: true }))
  await until(() => clock.pending > 2)
  for (let second = 0; second < 12; second += 1) clock.advance(1_000)
  summary.resolve(jsonResponse(chatAnswer('what was said')))
  const text = await (await answer).text()
  expect(text.match(/: keepalive\n\n/g)).toHaveLength(2)
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
  await until(() => outcomes.length > 0)
  expect(outcomes).toMatchObject([{ ending: 'complete', condensed: { kind: 'summary', source: 'made' } }])
  expect(clock.pending).toBe(0)
})

const broken = (): never => {
  throw new Error('the store is full')
}

test.each<[what: string, cache: SharedSummaries]>([
  ['rejects', { find: () => Promise.reject(new Error('the store is full')), set: broken }],
  ['throws', { find: broken, set: broken }],
  ['finds what nobody asked for', { find: () => Promise.resolve({ key: 'x', value: '{}' }), set: broken }],
])('a store of others that %s takes no request along', async (_, cache) => {
  const clock = new ManualClock()
  const summary = () => Promise.resolve(jsonResponse(chatAnswer('what was said')))
  const answers = [tooLong, summary, () => Promise.resolve(jsonResponse(chatAnswer('hi')))]
  const { gateway, logged } = await condensing(answers, { cache_shared: true }, clock, { cache })
  const answer = await gateway.respond('chat', chatBody({ messages }))
  expect([answer.status, answer.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^summary/),
  ])
  expect(logged.at(-1)).toMatchObject({ error: expect.stringContaining('the store is full') })
})

test('nor does whoever is told of a summary', async () => {
  const summary = () => Promise.resolve(jsonResponse(chatAnswer('what was said')))
  const answers = [tooLong, summary, () => Promise.resolve(jsonResponse(chatAnswer('hi')))]
  const { gateway, logged } = await condensing(answers, {}, new ManualClock(), { observeSummary: broken })
  expect((await gateway.respond('chat', chatBody({ messages }))).status).toBe(200)
  expect(logged).toHaveLength(1)
})

async function until(condition: () => boolean) {
  for (let turns = 0; !condition() && turns < 100; turns += 1) await turn()
}
