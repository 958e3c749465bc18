import { expect, test } from 'vitest'
import { chat, completion, errorBody, failing, metric, sendJson, until } from '../reliability/support.ts'
import { conversation, inUse, nothing, refuses, says, scripted, startCondensing } from './support/scripted.ts'

const messages = conversation()
const keyOf = (name: string) => `key-of-client-${name}-123`

/** A summary that costs so many tokens. */
const costing = (input: number, output: number) => ({
  ...completion('what was said before'),
  usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
})

test('a summary is counted, logged and told, to the caller that it was made for', async () => {
  const upstream = await scripted({
    summary: (_, response) => sendJson(response, 200, costing(700, 30)),
  })
  const api_keys = [{ name: 'team', key: keyOf('team') }]
  const proxy = await startCondensing([upstream], {}, { config: { api_keys } })
  const headers = { 'x-api-key': keyOf('team') }
  const reply = await chat(proxy.url, { messages }, { ...headers, 'x-request-id': 'request-1' })
  expect(JSON.parse(reply.text)).toMatchObject({
    _proxy_info: {
      provider: 'a',
      attempt_number: 2,
      request_id: 'request-1',
      condensed: {
        kind: 'summary',
        source: 'made',
        summary_calls: 1,
        summary_tokens: { input: 700, output: 30 },
      },
    },
    // Those of the answer.
    usage: { total_tokens: 5 },
  })
  expect(
    proxy.lines.filter(({ message }) => message === 'summary').map(({ fields }) => fields),
  ).toMatchObject([
    {
      request_id: 'request-1',
      caller: 'team',
      model: 'm',
      provider: 'a',
      background: false,
      calls: 1,
      tokens: { input: 700, output: 30 },
    },
  ])
  expect(proxy.requests).toMatchObject([
    {
      request_id: 'request-1',
      caller: 'team',
      attempts: 2,
      tokens: { total: 5 },
      condensed: { kind: 'summary' },
    },
  ])
  const { gateway } = proxy
  const count = (name: string, labels: Record<string, string>) => {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
    const line = gateway
      .prometheus()
      .split('\n')
      .find((each) => each.startsWith(name) && wanted.every((label) => each.includes(label)))
    return Number(line?.slice(line.lastIndexOf(' ')) ?? 0)
  }
  expect(count('llmproxy_summary_tokens_total', { type: 'input' })).toBe(700)
  expect(count('llmproxy_tokens_total', { provider: 'a', model: 'm', type: 'input' })).toBe(703)
  expect(count('llmproxy_tokens_total', { provider: 'a', model: 'm', type: 'output' })).toBe(32)
  expect(count('llmproxy_summaries_total', { source: 'made' })).toBe(1)
  expect(count('llmproxy_condensations_total', { kind: 'summary' })).toBe(1)
  // One request of a client, three of ours.
  expect(count('llmproxy_requests_settled_total', { operation: 'chat', ending: 'complete' })).toBe(1)
  const { providers } = gateway.metrics() as unknown as { providers: Record<string, Record<string, number>> }
  expect(providers['a']).toMatchObject({ total_requests: 3, total_tokens: 735 })
})

test('so is one that fails', async () => {
  const upstream = await scripted({ summary: failing(500) })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages })
  expect(JSON.parse(reply.text)).toMatchObject({
    _proxy_info: { condensed: { kind: 'truncated', reason: 'failed' } },
  })
  expect(proxy.lines.find(({ message }) => message === 'summary')?.fields).toMatchObject({
    failure: 'failed',
    calls: 1,
    provider: 'a',
  })
  const { providers } = proxy.gateway.metrics() as unknown as { providers: Record<string, object> }
  expect(providers['a']).toMatchObject({ total_requests: 3 })
  expect(await metric(proxy, 'llmproxy_summary_failures_total', { reason: 'failed' })).toBe(1)
  expect(inUse(proxy)).toEqual(nothing)
})

test('neither a log line nor an error has anything of what was said, or a key', async () => {
  const secret = 'the-launch-code'
  const said = conversation(secret)
  const echo = (text: string) => errorBody(`No: ${text}`, 'invalid_request_error', 'bad_value')
  const summaries = [
    says(`they spoke of ${secret}`),
    failing(500, {}, `cannot read ${secret}`),
    (_: unknown, response: Parameters<typeof sendJson>[0]) =>
      sendJson(response, 400, echo(`${secret} upstream-key-of-a`)),
    refuses,
    (_: unknown, response: Parameters<typeof sendJson>[0]) => void response.writeHead(200).end(`{"${secret}`),
  ]
  const upstream = await scripted()
  const proxy = await startCondensing([upstream], { background: true, preflight: true, cache_ttl: 0 })
  for (const summary of summaries) {
    for (const request of [refuses, says('Hello')]) {
      upstream.turn({ summary, request })
      const reply = await chat(proxy.url, { messages: said })
      expect(reply.text).not.toContain(secret)
      expect(JSON.stringify(reply.headers)).not.toContain(secret)
    }
  }
  await until(() => proxy.gateway.inFlight === 0)
  const log = JSON.stringify(proxy.lines)
  expect(proxy.lines.filter(({ message }) => message === 'summary').length).toBeGreaterThan(4)
  for (const word of [secret, 'upstream-key-of-a', 'they spoke', 'question 0'])
    expect(log).not.toContain(word)
  const metrics = proxy.gateway.prometheus() + JSON.stringify(proxy.gateway.metrics())
  expect(metrics).not.toContain(secret)
})
