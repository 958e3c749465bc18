import { expect, test } from 'vitest'
import { chat, metric, sleep, start, until } from '../reliability/support.ts'
import {
  settled,
  conversation,
  hangs,
  inUse,
  nothing,
  says,
  scripted,
  startCondensing,
} from './support/scripted.ts'

const path = '/v1/chat/completions'
const body = { model: 'm', messages: conversation() }

/** Milliseconds in which a summary that nobody waits for has lost its connection. */
const limitMs = 1_000

test('a client that leaves takes the summary that only it waits for along', async () => {
  const upstream = await scripted({ summary: hangs })
  const proxy = await startCondensing([{ ...upstream, entry: { circuit_breaker_threshold: 1 } }])
  const client = start(proxy.url, path, body)
  const summary = await until(() => upstream.summaries[0])
  client.leave()
  const leftAt = performance.now()
  expect((await until(() => summary.closedAt)) - leftAt).toBeLessThan(limitMs)
  expect(summary.aborted).toBe(true)
  const [line] = await until(() => proxy.requests.length > 0 && proxy.requests)
  expect(line).toMatchObject({ ending: 'client_gone', attempts: 1 })
  expect(proxy.lines.find(({ message }) => message === 'summary')?.fields).toMatchObject({
    failure: 'cancelled',
    calls: 1,
  })
  // Nobody is to blame, and nothing was asked in its place.
  expect([upstream.asked.length, upstream.summaries.length, inUse(proxy)]).toEqual([1, 1, nothing])
  expect(await metric(proxy, 'llmproxy_requests_in_flight', { operation: 'chat' })).toBe(0)
})

test('while another one waits for it, it goes on', async () => {
  let answer = () => {}
  const upstream = await scripted({
    summary: (request, response) => void (answer = () => says('before')(request, response)),
  })
  const proxy = await startCondensing([upstream])
  const first = start(proxy.url, path, body)
  const summary = await until(() => upstream.summaries[0])
  const second = chat(proxy.url, body)
  await settled(upstream, 2)
  first.leave()
  await until(() => proxy.requests.length === 1)
  expect(summary.closedAt).toBeUndefined()
  answer()
  const reply = await second
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^summary/),
  ])
  expect([upstream.summaries.length, summary.aborted]).toEqual([1, false])
})

test('the last of several who leave ends it, and who comes then begins anew', async () => {
  const upstream = await scripted({ summary: hangs })
  const proxy = await startCondensing([upstream])
  const clients = [0, 1, 2].map(() => start(proxy.url, path, body))
  await settled(upstream, 3)
  const [summary] = upstream.summaries
  for (const client of clients) client.leave()
  const leftAt = performance.now()
  expect((await until(() => summary!.closedAt)) - leftAt).toBeLessThan(limitMs)
  upstream.turn({ summary: says('before') })
  expect((await chat(proxy.url, body)).headers['x-llmproxy-condensed']).toMatch(/^summary/)
  expect(upstream.summaries.length).toBe(2)
})

test('a summary in several calls is ended with all of them', async () => {
  const upstream = await scripted({ summary: hangs })
  const summariser = { url: upstream.url, entry: { models: [{ id: 's', context_window: 1_200 }] } }
  const main = await scripted()
  const proxy = await startCondensing([main, summariser], { model: 's' })
  const client = start(proxy.url, path, body)
  await until(() => upstream.summaries.length > 1)
  client.leave()
  const leftAt = performance.now()
  await until(() => upstream.summaries.every(({ closedAt }) => closedAt !== undefined))
  expect(performance.now() - leftAt).toBeLessThan(limitMs)
  const calls = upstream.summaries.length
  await sleep(30)
  expect([upstream.summaries.length, inUse(proxy)]).toEqual([calls, nothing])
})

test('the time limit of the request holds while a summary is made', async () => {
  const upstream = await scripted({ summary: hangs })
  const proxy = await startCondensing([upstream], { timeout: 5 }, { config: { request_timeout: 0.2 } })
  const startedAt = performance.now()
  const reply = await chat(proxy.url, body)
  expect(performance.now() - startedAt).toBeLessThan(600)
  expect([reply.status, JSON.parse(reply.text)]).toMatchObject([504, { error: { code: 'request_timeout' } }])
  expect(proxy.requests).toMatchObject([{ ending: 'proxy_timeout', error_code: 'request_timeout' }])
  const [summary] = upstream.summaries
  await until(() => summary!.closedAt)
  expect([upstream.asked.length, inUse(proxy)]).toEqual([1, nothing])
})

test('also of a request that was never asked as it came', async () => {
  const [main, summariser] = await Promise.all([scripted(), scripted({ summary: hangs })])
  const proxy = await startCondensing(
    [
      { ...main, entry: { models: [{ id: 'm', context_window: 2_000 }] } },
      { ...summariser, entry: { models: ['s'] } },
    ],
    { model: 's', preflight: true, timeout: 5 },
    { config: { request_timeout: 0.15 } },
  )
  const reply = await chat(proxy.url, body)
  expect([reply.status, JSON.parse(reply.text)]).toMatchObject([504, { error: { code: 'request_timeout' } }])
  await until(() => summariser.summaries[0]?.closedAt)
  expect([main.requests.length, summariser.requests.length, inUse(proxy)]).toEqual([0, 1, nothing])
})

test('a gateway that is closed does not wait for summaries', async () => {
  const upstream = await scripted({ summary: hangs })
  const proxy = await startCondensing([upstream])
  const reply = chat(proxy.url, body)
  const summary = await until(() => upstream.summaries[0])
  const closedAt = performance.now()
  await proxy.close()
  expect(performance.now() - closedAt).toBeLessThan(500)
  expect((await reply).status).toBe(504)
  expect(JSON.parse((await reply).text)).toMatchObject({ error: { code: 'shutting_down' } })
  await until(() => summary.closedAt)
})
