import { expect, test } from 'vitest'
import {
  chat,
  completion,
  errorBody,
  failing,
  metric,
  type Reply,
  sendJson,
  start,
  until,
} from '../reliability/support.ts'
import {
  conversation,
  hangs,
  inUse,
  messagesOf,
  nothing,
  refuses,
  says,
  scripted,
  slotsOf,
  startCondensing,
} from './support/scripted.ts'

const messages = conversation()

/** Answered, although nobody could make a summary: with half of the conversation. */
function expectTruncated(reply: Reply, reason: string) {
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^truncated; from=\d+; to=\d+$/),
  ])
  const { _proxy_info: info } = JSON.parse(reply.text) as { _proxy_info: { condensed: object } }
  expect(info.condensed).toMatchObject({ kind: 'truncated', reason })
}

test('a summary replaces the history: the refused request, the summary, the request with it', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, reply.headers['x-llmproxy-attempts']]).toEqual([200, '2'])
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([2, 1])
  const [system, summary, ...rest] = messagesOf(upstream.asked[1]!)
  expect(system).toEqual(messages[0])
  expect(summary).toMatchObject({ role: 'system', content: expect.stringContaining('what was said before') })
  expect(rest).toEqual([messages.at(-1)])
  expect(inUse(proxy)).toEqual(nothing)
})

test('a summary that takes too long is given up with its connection', async () => {
  const upstream = await scripted({ summary: hangs })
  const proxy = await startCondensing([upstream], { timeout: 0.15 })
  const startedAt = performance.now()
  const reply = await chat(proxy.url, { messages })
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  expectTruncated(reply, 'timeout')
  const [summary] = upstream.summaries
  await until(() => summary!.closedAt)
  expect([summary!.aborted, upstream.summaries.length, upstream.asked.length]).toEqual([true, 1, 2])
  expect(summary!.closedAt! - summary!.at).toBeLessThan(1_000)
  const sent = messagesOf(upstream.asked[1]!)
  expect([sent[0], sent.at(-1)]).toEqual([messages[0], messages.at(-1)])
  expect(sent.length).toBeLessThan(messages.length)
  expect(inUse(proxy)).toEqual(nothing)
})

test('the time for a summary is for all providers that are asked for it, in a queue as well', async () => {
  const [first, second] = await Promise.all([scripted({ summary: hangs }), scripted({ summary: hangs })])
  const proxy = await startCondensing([{ ...first, entry: { timeout: 0.1 } }, second], { timeout: 0.3 })
  const startedAt = performance.now()
  expectTruncated(await chat(proxy.url, { messages }), 'timeout')
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  expect([first.summaries.length, second.summaries.length]).toEqual([1, 1])
})

test('a summariser that fails is asked again as it is configured, then the next one', async () => {
  const [first, second] = await Promise.all([scripted({ summary: failing(500) }), scripted()])
  const proxy = await startCondensing([{ ...first, entry: { max_retries: 1 } }, second])
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^summary; /),
  ])
  expect([first.summaries.length, second.summaries.length]).toEqual([2, 1])
  // The client’s own request stays where it was.
  expect([first.asked.length, second.asked.length]).toEqual([2, 0])
})

test('when every summariser fails the conversation is truncated, and their breakers have seen it', async () => {
  const [first, second] = await Promise.all([
    scripted({ summary: failing(500) }),
    scripted({ summary: failing(503) }),
  ])
  const entry = { circuit_breaker_threshold: 1 }
  const proxy = await startCondensing([first, { ...second, entry }])
  expectTruncated(await chat(proxy.url, { messages }), 'failed')
  expect([first.summaries.length, second.summaries.length]).toEqual([1, 1])
  expect(inUse(proxy)).toEqual({ ...nothing, openBreakers: ['b'] })
  // Now it is not even asked.
  expectTruncated(await chat(proxy.url, { messages: conversation('basins') }), 'failed')
  expect([first.summaries.length, second.summaries.length]).toEqual([2, 1])
})

const noSummary: readonly [string, Record<string, unknown>, string?][] = [
  ['says nothing', { content: '' }],
  ['says white space', { content: ' \n\t' }],
  ['says null', { content: null }],
  ['refuses', { content: null, refusal: 'I cannot help with that.' }],
  [
    'calls a tool',
    { content: null, tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
  ],
  ['only thinks', { content: '<think>What could I say?</think>' }],
  ['is stopped by a filter', { content: 'Once upon a' }, 'content_filter'],
]

test('an answer that says nothing is no summary', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing([upstream])
  for (const [name, message, finish = 'stop'] of noSummary) {
    const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: finish }]
    upstream.turn({ summary: (_, response) => sendJson(response, 200, { ...completion(), choices }) })
    const before = upstream.summaries.length
    const reply = await chat(proxy.url, { messages: conversation(name) })
    expectTruncated(reply, 'failed')
    expect([name, upstream.summaries.length - before]).toEqual([name, 1])
  }
})

test('a refusal of the summariser is not shown to the client', async () => {
  const filter = errorBody('We will not talk about anchors', 'invalid_request_error', 'content_filter')
  const upstream = await scripted({ summary: (_, response) => sendJson(response, 400, filter) })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages })
  expectTruncated(reply, 'failed')
  expect(reply.text).not.toContain('anchors')
})

test('a conversation that is too long for the summariser is summarised in pieces', async () => {
  const upstream = await scripted({
    summary: (request, response) =>
      (request.body.length > 5_000 ? refuses : says(`piece of ${request.body.length}`))(request, response),
  })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages })
  expect(reply.headers['x-llmproxy-condensed']).toMatch(/^summary; /)
  expect(upstream.summaries.length).toBeGreaterThan(2)
  expect(upstream.summaries.length).toBeLessThanOrEqual(24)
  expect(upstream.asked.length).toBe(2)
})

test('one that nothing fits is given up after a bounded number of calls', async () => {
  const upstream = await scripted({ summary: refuses })
  const proxy = await startCondensing([upstream])
  expectTruncated(await chat(proxy.url, { messages }), 'too_large')
  expect(upstream.summaries.length).toBeLessThanOrEqual(24)
})

test('a caller has so many calls for summaries each minute; above that nobody is asked', async () => {
  const upstream = await scripted()
  const api_keys = ['one', 'two'].map((name) => ({ name, key: `key-of-client-${name}-123` }))
  const proxy = await startCondensing([upstream], { calls_per_minute: 2 }, { config: { api_keys } })
  const asks = (topic: string, name = 'one') =>
    chat(proxy.url, { messages: conversation(topic) }, { 'x-api-key': `key-of-client-${name}-123` })
  for (const topic of ['first', 'second'])
    expect((await asks(topic)).headers['x-llmproxy-condensed']).toMatch(/^summary/)
  expectTruncated(await asks('third'), 'budget')
  expect(upstream.summaries.length).toBe(2)
  // What is known costs nothing, and others have their own.
  expect((await asks('first')).headers['x-llmproxy-condensed']).toMatch(/^summary/)
  expect((await asks('third', 'two')).headers['x-llmproxy-condensed']).toMatch(/^summary/)
  expect(upstream.summaries.length).toBe(3)
})

/** One provider of the model, two of the model that makes summaries. */
async function withTwoSummarisers(entry: object, condensation: object = {}) {
  const [main, first, second] = await Promise.all([scripted(), scripted(), scripted()])
  const proxy = await startCondensing(
    [main, { ...first, entry: { models: ['s'], ...entry } }, { ...second, entry: { models: ['s'] } }],
    { model: 's', ...condensation },
  )
  const summaries = () => [main, first, second].map((each) => each.summaries.length)
  return { proxy, first, second, summaries }
}

const hello = { model: 's', messages: [{ role: 'user', content: 'Hello' }] }

test('a summariser above its rate limit is passed over', async () => {
  const { proxy, summaries } = await withTwoSummarisers({ rate_limit: 1 })
  for (const topic of ['first', 'second'])
    expect((await chat(proxy.url, { messages: conversation(topic) })).status).toBe(200)
  expect(summaries()).toEqual([0, 1, 1])
})

test('so is one whose breaker is open', async () => {
  const { proxy, first, summaries } = await withTwoSummarisers({ circuit_breaker_threshold: 1 })
  first.turn({ summary: failing(500) })
  for (const topic of ['first', 'second', 'third'])
    expect((await chat(proxy.url, { messages: conversation(topic) })).status).toBe(200)
  expect(summaries()).toEqual([0, 1, 3])
  // It is the last to be thought of, not the first that cannot be asked.
  expect(await metric(proxy, 'llmproxy_skipped_total', { provider: 'b' })).toBe(0)
})

test('and one with all connections busy, if nobody is to wait for them', async () => {
  const { proxy, first, summaries } = await withTwoSummarisers({ max_connections: 1, queue_timeout: 0 })
  first.turn({ request: hangs })
  const busy = start(proxy.url, '/v1/chat/completions', hello)
  await first.request(0)
  expect((await chat(proxy.url, { messages })).headers['x-llmproxy-condensed']).toMatch(/^summary/)
  expect(summaries()).toEqual([0, 0, 1])
  busy.leave()
  await until(() => proxy.gateway.inFlight === 0)
  expect(inUse(proxy)).toEqual(nothing)
})

test('a summary waits in the queue of a busy provider, as long as there is time for it', async () => {
  const limits = { max_connections: 1, queue_timeout: 5 }
  const { proxy, first, second, summaries } = await withTwoSummarisers(limits, { timeout: 0.2 })
  let end = () => {}
  first.turn({ request: (request, response) => void (end = () => says('Hello')(request, response)) })
  const busy = chat(proxy.url, hello)
  await first.request(0)
  const late = await chat(proxy.url, { messages })
  expectTruncated(late, 'timeout')
  expect([summaries(), second.requests.length]).toEqual([[0, 0, 0], 0])
  const waiting = chat(proxy.url, { messages })
  await until(() => slotsOf(proxy) === 2)
  end()
  expect((await waiting).headers['x-llmproxy-condensed']).toMatch(/^summary/)
  expect([(await busy).status, summaries()]).toEqual([200, [0, 1, 0]])
  expect(inUse(proxy)).toEqual(nothing)
})

test('a model that thinks before it says anything gets room for it, from the second call on', async () => {
  const limits: number[] = []
  const upstream = await scripted({
    summary: (request, response) => {
      const { max_tokens: limit } = JSON.parse(request.body.toString()) as { max_tokens: number }
      limits.push(limit)
      if (limit > 1_000) return says('what was said before')(request, response)
      const chat = completion('')
      const choices = chat.choices.map((choice) => ({ ...choice, finish_reason: 'length' }))
      sendJson(response, 200, { ...chat, choices })
    },
  })
  const proxy = await startCondensing([upstream])
  for (const [topic, calls] of [
    ['anchors', 2],
    ['sails', 3],
  ] as const) {
    const reply = await chat(proxy.url, { messages: conversation(topic) })
    expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
      200,
      expect.stringMatching(/^summary; /),
    ])
    expect(limits).toHaveLength(calls)
  }
  expect(limits).toEqual([512, 4_608, 4_608])
})
