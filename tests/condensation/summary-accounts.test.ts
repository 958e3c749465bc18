import { expect, test } from 'vitest'
import { chat, metric } from '../reliability/support.ts'
import { conversation, refuses, says, scripted, startCondensing } from './support/scripted.ts'

const messages = conversation()

/** A model, and another one for summaries, which clients know by a name that its provider does not. */
async function start() {
  const [main, other] = await Promise.all([scripted(), scripted()])
  const entry = { models: [{ id: 'brief', upstream: 'vendor-model-7' }] }
  const proxy = await startCondensing([main, { url: other.url, entry }], { model: 'brief' })
  return { main, other, proxy }
}

test('tokens of summaries count under the name that the configuration has for their model', async () => {
  const { proxy } = await start()
  await chat(proxy.url, { messages })
  const tokens = (labels: Record<string, string>) => metric(proxy, 'llmproxy_tokens_total', labels)
  expect(await tokens({ provider: 'b', model: 'brief', operation: 'chat', type: 'input' })).toBe(3)
  expect(await tokens({ provider: 'b', model: 'other' })).toBe(0)
})

test('summaries are in no distribution of requests', async () => {
  const { proxy } = await start()
  await chat(proxy.url, { messages })
  const timed = (name: string) =>
    metric(proxy, 'gen_ai_client_operation_duration_seconds_count', { gen_ai_provider_name: name })
  expect([await timed('a'), await timed('b')]).toEqual([1, 0])
})

test('a summariser that says nothing is paid for all the same; an error tells what was tried', async () => {
  const { main, other, proxy } = await start()
  other.turn({ summary: says('') })
  main.turn({ request: refuses })
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    400,
    expect.stringMatching(/^truncated; /),
  ])
  expect(proxy.gateway.metrics().condensation).toMatchObject({
    requests: { truncated: 1 },
    summary_failures: { failed: 1 },
    summary_tokens: { input: 3, output: 2 },
  })
})
