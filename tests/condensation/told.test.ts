import { expect, test } from 'vitest'
import { chat, metric, type Proxy } from '../reliability/support.ts'
import { conversation, refuses, says, scripted, startCondensing } from './support/scripted.ts'

const topic = 'the-secret-topic'
const messages = conversation(topic)

/** A model, and another one for summaries, which clients know by a name that its provider does not. */
async function start() {
  const [main, other] = await Promise.all([scripted(), scripted({ summary: says('summarised words') })])
  const entry = { models: [{ id: 'brief', upstream: 'vendor-model-7' }] }
  const proxy = await startCondensing([main, { url: other.url, entry }], { model: 'brief' })
  return { main, other, proxy }
}

function line(proxy: Proxy, message: string) {
  return proxy.lines.findLast((each) => each.message === message)?.fields
}

/** The `condensation` of `GET /metrics`. */
async function metricsOf({ url }: Proxy) {
  const metrics = (await (await fetch(`${url}/metrics`)).json()) as Record<string, object>
  return {
    ...metrics['condensation'],
    attempts: (metrics['summary'] as { total_requests: number }).total_requests,
  }
}

test('a summary is told to the client, in the log by its caller, and in the metrics', async () => {
  const { proxy } = await start()
  const reply = await chat(proxy.url, { messages })
  const header = String(reply.headers['x-llmproxy-condensed'])
  const [, from, to] = /^summary; from=(\d+); to=(\d+)$/.exec(header)!.map(Number)
  const { _proxy_info: info, usage } = JSON.parse(reply.text) as Record<string, Record<string, unknown>>
  const spent = { calls: 1, tokens: { input: usage!['prompt_tokens'], output: usage!['completion_tokens'] } }
  expect(info!['condensed']).toEqual({
    kind: 'summary',
    from,
    to,
    source: 'made',
    summary_calls: 1,
    summary_tokens: spent.tokens,
  })
  expect(line(proxy, 'request')).toMatchObject({
    attempts: 2,
    provider: 'a',
    condensed: { kind: 'summary', from, to, source: 'made', ...spent },
  })
  expect(line(proxy, 'summary')).toEqual({
    ...spent,
    request_id: reply.headers['x-request-id'],
    caller: 'anonymous',
    model: 'm',
    provider: 'b',
    background: false,
    duration_ms: expect.any(Number),
  })
  await chat(proxy.url, { messages })
  expect(proxy.lines.filter(({ message }) => message === 'summary')).toHaveLength(1)
  expect(line(proxy, 'request')!['condensed']).toEqual({ kind: 'summary', from, to, source: 'cache' })
  expect(await metricsOf(proxy)).toMatchObject({
    requests: { summary: 2, truncated: 0, max_tokens: 0 },
    summaries: { made: 1, cache: 1, shared: 0 },
    tokens_saved: 2 * (from! - to!),
    summary_tokens: spent.tokens,
    // Each request twice, and the summary.
    attempts: 5,
  })
})

test('tokens of summaries count under the name that the configuration has for their model', async () => {
  const { proxy } = await start()
  await chat(proxy.url, { messages })
  const tokens = (labels: Record<string, string>) => metric(proxy, 'llmproxy_tokens_total', labels)
  expect(await tokens({ provider: 'b', model: 'brief', operation: 'chat', type: 'input' })).toBeGreaterThan(0)
  expect(await tokens({ provider: 'b', model: 'other' })).toBe(0)
  const started = await metric(proxy, 'llmproxy_requests_started_total', { operation: 'chat' })
  const timed = (name: string) =>
    metric(proxy, 'gen_ai_client_operation_duration_seconds_count', { gen_ai_provider_name: name })
  expect([started, await timed('a'), await timed('b')]).toEqual([1, 1, 0])
})

test('so is what was cut, with the reason; an error says what was tried', async () => {
  const { main, other, proxy } = await start()
  other.turn({ summary: says('') })
  const reply = await chat(proxy.url, { messages })
  expect(reply.headers['x-llmproxy-condensed']).toMatch(/^truncated; /)
  expect(line(proxy, 'request')!['condensed']).toMatchObject({ kind: 'truncated', reason: 'failed' })
  expect(line(proxy, 'summary')).toMatchObject({ provider: 'b', failure: 'failed' })
  expect(await metricsOf(proxy)).toMatchObject({
    requests: { summary: 0, truncated: 1 },
    summary_failures: { failed: 1, timeout: 0 },
    // It said nothing, and is paid for.
    summary_tokens: { input: 3, output: 2 },
  })
  main.turn({ request: refuses })
  const refused = await chat(proxy.url, { messages })
  expect([refused.status, refused.headers['x-llmproxy-condensed']]).toEqual([
    400,
    expect.stringMatching(/^truncated; /),
  ])
})

test('what was said, and what the summary says, stands in no line and no metric', async () => {
  const { other, proxy } = await start()
  await chat(proxy.url, { messages })
  other.turn({ summary: says('') })
  await chat(proxy.url, { messages: conversation(topic, 7) })
  const page = await (await fetch(`${proxy.url}/metrics`, { headers: { accept: 'text/plain' } })).text()
  const told = JSON.stringify([proxy.lines, page])
  expect(told).toContain('llmproxy_summaries_total')
  expect([topic, 'summarised words', 'question'].filter((text) => told.includes(text))).toEqual([])
})
