import { expect, test } from 'vitest'
import {
  chat,
  completion,
  errorBody,
  failing,
  sendJson,
  sleep,
  start,
  until,
} from '../reliability/support.ts'
import {
  settled,
  condensingConfig,
  conversation,
  expectLeft,
  hangs,
  inUse,
  messagesOf,
  nothing,
  refuses,
  says,
  type Scripted,
  scripted,
  startCondensing,
  windowed,
} from './support/scripted.ts'

/** About 2,450 tokens. */
const messages = conversation()
/** About 850. */
const short = conversation('anchors', 2)

/** A model with a window, and one without that makes the summaries, at one address. */
function providers({ url }: Scripted, tokens: number | undefined, more: object = {}) {
  const model = { id: 'm', ...(tokens !== undefined && { context_window: tokens }), ...more }
  return [
    { url, entry: { models: [model, 'n'] } },
    { url, entry: { models: ['s'] } },
  ]
}

const settings = (more: object) => ({ model: 's', ...more })

/** A good answer of a model that has counted so many tokens. */
const counting =
  (total: number): Parameters<Scripted['turn']>[0]['request'] & object =>
  (_, response) =>
    sendJson(response, 200, {
      ...completion('Well.'),
      usage: { prompt_tokens: total - 10, completion_tokens: 10, total_tokens: total },
    })

const answered = (text = 'Well.') => [
  { role: 'assistant', content: text },
  { role: 'user', content: 'Go on.' },
]

test('a request above its share of a known window is condensed without a failing call', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing(providers(upstream, 2_000), settings({ preflight: true }))
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, reply.headers['x-llmproxy-attempts']]).toEqual([200, '1'])
  expect(reply.headers['x-llmproxy-condensed']).toMatch(/^summary; /)
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([1, 1])
})

test('one below it, or of a window that nobody knows, is sent as it is', async () => {
  const upstream = await scripted({ request: says('Hello') })
  const proxy = await startCondensing(providers(upstream, 4_000), settings({ preflight: true }))
  for (const model of ['m', 'n']) {
    const reply = await chat(proxy.url, { model, messages })
    expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([200, undefined])
  }
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([2, 0])
  expect(messagesOf(upstream.asked[0]!)).toEqual(messages)
})

test('nor is anything condensed before it was refused where that is not switched on', async () => {
  const upstream = await scripted({ request: says('Hello') })
  const proxy = await startCondensing(providers(upstream, 2_000), settings({}))
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([200, undefined])
  expect(upstream.requests.map(messagesOf)).toEqual([messages])
})

test('nor does it concern streams that are not to be condensed', async () => {
  const upstream = await scripted({ request: refuses })
  const proxy = await startCondensing(providers(upstream, 2_000), settings({ preflight: true }))
  expect((await chat(proxy.url, { messages, stream: true })).status).toBe(400)
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([1, 0])
})

test('preflight_share moves the limit', async () => {
  const upstream = await scripted({ request: says('Hello') })
  const shares = { preflight: true, preflight_share: 0.5 }
  const proxy = await startCondensing(providers(upstream, 4_000), settings(shares))
  expect((await chat(proxy.url, { messages })).headers['x-llmproxy-condensed']).toMatch(/^summary; /)
})

test('a larger model is asked first, with the request as it is', async () => {
  const upstream = await scripted({ request: says('Hello') })
  const models = providers(upstream, 2_000, { context_fallback: 'n' })
  const proxy = await startCondensing(models, settings({ preflight: true }))
  const reply = await chat(proxy.url, { messages })
  expect([reply.headers['x-llmproxy-model'], reply.headers['x-llmproxy-condensed']]).toEqual(['n', undefined])
  expect(upstream.requests.map(messagesOf)).toEqual([messages])
})

test('when it is down, or refuses, the request is condensed', async () => {
  for (const larger of [failing(500), refuses]) {
    const [upstream, large] = await Promise.all([scripted(), scripted({ request: larger })])
    const proxy = await startCondensing(
      [
        ...providers(upstream, 2_000, { context_fallback: 'large' }),
        { ...large, entry: { models: ['large'] } },
      ],
      settings({ preflight: true }),
    )
    const reply = await chat(proxy.url, { messages })
    expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
      200,
      expect.stringMatching(/^summary/),
    ])
    expect([large.asked.length, upstream.asked.length, upstream.summaries.length]).toEqual([1, 1, 1])
  }
})

test('without a summary the request is sent as it came, and truncated only when it is refused', async () => {
  const upstream = await scripted({ request: says('Hello'), summary: failing(500) })
  const proxy = await startCondensing(providers(upstream, 2_000), settings({ preflight: true }))
  const fits = await chat(proxy.url, { messages })
  expect([fits.status, fits.headers['x-llmproxy-condensed']]).toEqual([200, undefined])
  expect(upstream.asked.map(messagesOf)).toEqual([messages])
  upstream.turn({ request: windowed() })
  const refused = await chat(proxy.url, { messages })
  expect([refused.status, refused.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^truncated/),
  ])
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([3, 2])
})

test('of what cannot be summarised the model itself is asked, also when a larger one is down', async () => {
  const system = [{ role: 'system', content: 'word '.repeat(2_000) }]
  const [upstream, large] = await Promise.all([
    scripted({ request: says('Hello') }),
    scripted({ request: failing(500) }),
  ])
  const proxy = await startCondensing(
    [
      ...providers(upstream, 2_000, { context_fallback: 'large' }),
      { ...large, entry: { models: ['large'] } },
    ],
    settings({ preflight: true }),
  )
  const reply = await chat(proxy.url, { messages: system })
  expect([reply.status, large.asked.length, upstream.asked.length, upstream.summaries.length]).toEqual([
    200, 1, 1, 0,
  ])
})

test('after an answer that fills the window the next summary is prepared, and nobody waits for it', async () => {
  const upstream = await scripted({ request: counting(850) })
  const proxy = await startCondensing(providers(upstream, 1_000), settings({ background: true }))
  const first = await chat(proxy.url, { messages: short })
  expect([first.status, first.headers['x-llmproxy-condensed']]).toEqual([200, undefined])
  const line = await until(() => proxy.lines.find(({ message }) => message === 'summary'))
  expect(line.fields).toMatchObject({ background: true, calls: 1, model: 'm', provider: 'b' })
  upstream.turn({ request: windowed(700) })
  const next = await chat(proxy.url, { messages: [...short, ...answered()] })
  expect([next.status, JSON.parse(next.text)]).toMatchObject([
    200,
    { _proxy_info: { condensed: { kind: 'summary', source: 'cache' } } },
  ])
  expect(upstream.summaries.length).toBe(1)
  // The last answer and what the user says to it were not summarised.
  expect(messagesOf(upstream.asked.at(-1)!).slice(-2)).toEqual(answered())
})

test('nothing is prepared below the share, where it is switched off or nothing is kept, nor of an unknown window', async () => {
  for (const [total, tokens, condensation] of [
    [700, 1_000, { background: true }],
    [850, 1_000, {}],
    [850, undefined, { background: true }],
    [850, 1_000, { background: true, background_share: 0.9 }],
    [850, 1_000, { background: true, cache_ttl: 0 }],
    [850, 1_000, { background: true, cache_max_bytes: 0 }],
  ] as const) {
    const upstream = await scripted({ request: counting(total) })
    const proxy = await startCondensing(providers(upstream, tokens), settings(condensation))
    await chat(proxy.url, { messages: short })
    await sleep(20)
    expect(upstream.summaries.length).toBe(0)
  }
})

test('nor when a known summary makes enough room', async () => {
  const upstream = await scripted({ request: counting(850) })
  const proxy = await startCondensing(providers(upstream, 1_000), settings({ background: true }))
  await chat(proxy.url, { messages: short })
  await until(() => upstream.summaries.length === 1)
  await until(() => proxy.lines.some(({ message }) => message === 'summary'))
  await chat(proxy.url, { messages: [...short, ...answered()] })
  await sleep(20)
  expect(upstream.summaries.length).toBe(1)
  // What is new fills the window again.
  await chat(proxy.url, { messages: [...short, ...answered('word '.repeat(900))] })
  await until(() => upstream.summaries.length === 2)
})

test('nor while a larger model that is asked first has room', async () => {
  const upstream = await scripted({ request: counting(850) })
  const [model, summariser] = providers(upstream, 1_000, { context_fallback: 'large' })
  const large = (tokens?: number) => ({
    url: upstream.url,
    entry: { models: [{ id: 'large', ...(tokens !== undefined && { context_window: tokens }) }] },
  })
  for (const [tokens, prepared] of [
    [4_000, 0],
    [undefined, 0],
    [1_100, 1],
  ] as const) {
    const before = upstream.summaries.length
    const proxy = await startCondensing([model!, summariser!, large(tokens)], settings({ background: true }))
    await chat(proxy.url, { messages: short })
    await (prepared === 1 ? until(() => upstream.summaries.length > before) : sleep(20))
    expect([tokens, upstream.summaries.length - before]).toEqual([tokens, prepared])
  }
})

/** A summariser that answers when the test says so. */
async function preparing() {
  let answer = () => {}
  const upstream = await scripted({
    request: counting(850),
    summary: (request, response) => void (answer = () => says('before')(request, response)),
  })
  const proxy = await startCondensing(providers(upstream, 1_000), settings({ background: true }))
  await chat(proxy.url, { messages: short })
  await until(() => upstream.summaries.length === 1)
  return { upstream, proxy, answer: () => answer() }
}

test('one that is being prepared is waited for by the next request that needs it', async () => {
  const { upstream, proxy, answer } = await preparing()
  upstream.turn({ request: windowed(700) })
  const next = chat(proxy.url, { messages: [...short, ...answered()] })
  await settled(upstream, 2)
  expect([upstream.summaries.length, upstream.asked.length]).toEqual([1, 2])
  answer()
  const reply = await next
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^summary/),
  ])
  expect([upstream.summaries.length, messagesOf(upstream.asked[2]!).slice(-2)]).toEqual([1, answered()])
})

test('a client that leaves meanwhile is none of its business', async () => {
  const { upstream, proxy, answer } = await preparing()
  upstream.turn({ request: windowed(700) })
  const next = start(proxy.url, '/v1/chat/completions', { model: 'm', messages: [...short, ...answered()] })
  await settled(upstream, 2)
  next.leave()
  await until(() => proxy.requests.length === 2)
  expect([proxy.requests[1]?.['ending'], upstream.summaries[0]!.closedAt]).toEqual(['client_gone', undefined])
  answer()
  const line = await until(() => proxy.lines.find(({ message }) => message === 'summary'))
  expect(line.fields).not.toHaveProperty('failure')
  expect(upstream.summaries.length).toBe(1)
})

test('while one is being prepared, no answer of the same conversation has another one prepared', async () => {
  const { upstream, proxy, answer } = await preparing()
  let messages = [...short]
  for (let turn = 0; turn < 3; turn += 1) {
    messages = [...messages, ...answered(`Step ${turn}.`)]
    expect((await chat(proxy.url, { messages })).status).toBe(200)
  }
  await sleep(20)
  expect(upstream.summaries.length).toBe(1)
  answer()
  await until(() => proxy.lines.some(({ message }) => message === 'summary'))
})

test('a gateway that is closed ends what it prepares', async () => {
  const upstream = await scripted({ request: counting(850), summary: hangs })
  const proxy = await startCondensing(providers(upstream, 1_000), settings({ background: true }))
  await chat(proxy.url, { messages: short })
  const summary = await until(() => upstream.summaries[0])
  expect(proxy.gateway.inFlight).toBe(0)
  const startedAt = performance.now()
  await proxy.close()
  expect(performance.now() - startedAt).toBeLessThan(500)
  expect((await until(() => summary.closedAt)) - startedAt).toBeLessThan(500)
  expect(proxy.lines.findLast(({ message }) => message === 'summary')?.fields).toMatchObject({
    background: true,
    failure: 'cancelled',
  })
})

test('a failure of what is prepared is told to the log, and to nobody else', async () => {
  const filter = errorBody('Not about anchors', 'invalid_request_error', 'content_filter')
  const upstream = await scripted({
    request: counting(850),
    summary: (_, response) => sendJson(response, 400, filter),
  })
  const proxy = await startCondensing(providers(upstream, 1_000), settings({ background: true }))
  expect((await chat(proxy.url, { messages: short })).status).toBe(200)
  const line = await until(() => proxy.lines.find(({ message }) => message === 'summary'))
  expect(line.fields).toMatchObject({ background: true, failure: 'failed' })
  expect(inUse(proxy)).toEqual(nothing)
})

test('what is prepared keeps the connections of the configuration that it began with', async () => {
  let answer = () => {}
  const upstream = await scripted({
    request: (request, response) => void (answer = () => counting(850)(request, response)),
  })
  const proxy = await startCondensing(providers(upstream, 1_000), settings({ background: true }))
  const reply = chat(proxy.url, { messages: short })
  await upstream.request(0)
  const elsewhere = await scripted()
  await proxy.gateway.reload(condensingConfig(providers(elsewhere, 1_000), settings({ background: true })))
  answer()
  expect((await reply).status).toBe(200)
  const line = await until(() => proxy.lines.find(({ message }) => message === 'summary'))
  expect(line.fields).not.toHaveProperty('failure')
  expect([upstream.summaries.length, elsewhere.requests.length]).toEqual([1, 0])
  await expectLeft(upstream)
})
