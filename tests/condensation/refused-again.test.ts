import { expect, test } from 'vitest'
import {
  type Answer,
  ask,
  chat,
  errorBody,
  failing,
  healthy,
  type Reply,
  sendJson,
} from '../reliability/support.ts'
import {
  conversation,
  inUse,
  messagesOf,
  nothing,
  refuses,
  says,
  scripted,
  startCondensing,
  tooLongError,
  windowed,
} from './support/scripted.ts'

const messages = conversation()

/** With a last turn of which a part can be left out. */
const longTurn = [...messages, { role: 'user', content: 'word '.repeat(1_000) }]

/** Refuses the first `times` requests. */
function refusesFirst(times: number, then: Answer = says('Hello')): Answer {
  let seen = 0
  return (request, response) => ((seen += 1) <= times ? refuses : then)(request, response)
}

function condensedOf({ text }: Reply): object {
  return (JSON.parse(text) as { _proxy_info: { condensed: object } })._proxy_info.condensed
}

test('when the summarised request is refused as well, half of it is sent, and no other summary made', async () => {
  const upstream = await scripted({ request: refusesFirst(2) })
  const proxy = await startCondensing([upstream], { recent_share: 0.4 })
  const reply = await chat(proxy.url, { messages: longTurn })
  expect([reply.status, upstream.asked.length, upstream.summaries.length]).toEqual([200, 3, 1])
  expect(condensedOf(reply)).toMatchObject({ kind: 'truncated', reason: 'too_large' })
  const [, second, third] = upstream.asked
  expect(third!.body.length).toBeLessThan(second!.body.length * 0.75)
  // The summary stays.
  expect(messagesOf(third!)[1]).toEqual(messagesOf(second!)[1])
})

test('when everything is refused the client gets the error, after a bounded number of requests', async () => {
  const upstream = await scripted({ request: refuses })
  const proxy = await startCondensing(
    [{ ...upstream, entry: { max_retries: 5 } }],
    {},
    { config: { max_attempts: 9 } },
  )
  const reply = await chat(proxy.url, { messages: longTurn })
  expect([reply.status, JSON.parse(reply.text)]).toEqual([400, tooLongError])
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([3, 1])
  expect(proxy.requests).toMatchObject([{ attempts: 3, error_code: 'context_length_exceeded' }])
  expect(inUse(proxy)).toEqual(nothing)
})

test('each form of a request has one attempt, whatever max_attempts says', async () => {
  const upstream = await scripted({ request: refusesFirst(2) })
  const proxy = await startCondensing(
    [{ ...upstream, entry: { max_retries: 3 } }],
    {},
    { config: { max_attempts: 1 } },
  )
  const reply = await chat(proxy.url, { messages: longTurn })
  expect([reply.status, upstream.asked.length, upstream.summaries.length]).toEqual([200, 3, 1])
})

test('no more than one, when it fails for another reason', async () => {
  const upstream = await scripted({ request: refusesFirst(1, failing(500)) })
  const proxy = await startCondensing(
    [{ ...upstream, entry: { max_retries: 3 } }],
    {},
    { config: { max_attempts: 1 } },
  )
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, upstream.asked.length, upstream.summaries.length]).toEqual([502, 2, 1])
})

test('the attempts of all forms together are those of the request', async () => {
  const upstream = await scripted({ request: refusesFirst(1, failing(500)) })
  const proxy = await startCondensing(
    [{ ...upstream, entry: { max_retries: 9 } }],
    {},
    { config: { max_attempts: 4 } },
  )
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, upstream.asked.length]).toEqual([502, 4])
})

test('a summarised request that fails is asked elsewhere like any other', async () => {
  const [first, second] = await Promise.all([
    scripted({ request: refusesFirst(1, failing(500)) }),
    scripted(),
  ])
  const proxy = await startCondensing([first, second])
  const reply = await chat(proxy.url, { messages })
  expect([reply.status, reply.headers['x-llmproxy-provider']]).toEqual([200, 'b'])
  expect(second.asked.map((request) => messagesOf(request).length)).toEqual([3])
})

/** Names the prompt and the answer that was asked for. */
const maxTokensAtFault: Answer = (_, response) =>
  sendJson(
    response,
    400,
    errorBody(
      "This model's maximum context length is 4000 tokens. However, you requested 6500 tokens (2500 in the messages, 4000 in the completion).",
      'invalid_request_error',
      'context_length_exceeded',
    ),
  )

test('an answer that is too long for the window is asked for shorter, and nothing else is changed', async () => {
  const upstream = await scripted({
    request: (request, response) =>
      (request.body.includes('"max_tokens":4000') ? maxTokensAtFault : says('Hello'))(request, response),
  })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages, max_tokens: 4_000 })
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    'max_tokens; from=4000; to=1500',
  ])
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([2, 0])
  expect(messagesOf(upstream.asked[1]!)).toEqual(messages)
})

test('and summarised when that does not help', async () => {
  const upstream = await scripted({
    request: (request, response) =>
      (request.body.length > 6_000 ? maxTokensAtFault : says('Hello'))(request, response),
  })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages, max_tokens: 4_000 })
  expect([reply.status, upstream.asked.length, upstream.summaries.length]).toEqual([200, 3, 1])
  // What the client asked for holds again.
  expect(JSON.parse(upstream.asked[2]!.body.toString())).toMatchObject({ max_tokens: 4_000 })
})

/** Three models, each of which names the next. */
async function withLarger(answers: { small: Answer; large: Answer; largest: Answer }, condensation?: object) {
  const play: Answer = (request, response) => {
    const { model } = JSON.parse(request.body.toString()) as { model: 'small' | 'large' | 'largest' }
    answers[model](request, response)
  }
  const upstream = await scripted({ request: play, summary: play })
  const models = [
    { id: 'small', context_fallback: 'large' },
    { id: 'large', context_fallback: 'largest' },
    { id: 'largest', context_fallback: 'small' },
  ]
  const proxy = await startCondensing(
    [{ ...upstream, entry: { models } }],
    condensation ?? { enabled: false },
  )
  const asked = () =>
    upstream.requests.map(({ body }) => (JSON.parse(body.toString()) as { model: string }).model)
  return { proxy, asked }
}

test('a larger model is asked for the request as it is, before anything is condensed', async () => {
  const { proxy, asked } = await withLarger({ small: refuses, large: refuses, largest: says('Hello') }, {})
  const reply = await chat(proxy.url, { model: 'small', messages })
  expect([reply.status, asked(), reply.headers['x-llmproxy-model']]).toEqual([
    200,
    ['small', 'large', 'largest'],
    'largest',
  ])
  expect(reply.headers['x-llmproxy-condensed']).toBeUndefined()
})

test('that needs no condensation, and holds for every operation and for streams', async () => {
  const { proxy, asked } = await withLarger({ small: refuses, large: failing(500), largest: healthy() })
  for (const [operation, more] of [
    ['chat', { messages }],
    ['completions', { prompt: 'Hi' }],
    ['embeddings', {}],
    ['chat', { stream: true }],
  ] as const) {
    const before = asked().length
    // One that is down is passed over.
    expect((await ask(proxy.url, operation, { model: 'small', ...more })).status).toBe(200)
    expect(asked().slice(before)).toEqual(['small', 'large', 'largest'])
  }
})

test('models that name each other in a circle are asked once each', async () => {
  const { proxy, asked } = await withLarger({ small: refuses, large: refuses, largest: refuses })
  const reply = await chat(proxy.url, { model: 'small', messages })
  expect([reply.status, asked()]).toEqual([400, ['small', 'large', 'largest']])
})

test('a larger model that is down is no reason not to condense', async () => {
  const { proxy, asked } = await withLarger({ small: windowed(), large: failing(500), largest: refuses }, {})
  const reply = await chat(proxy.url, { model: 'small', messages })
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^summary/),
  ])
  expect(asked().slice(0, 3)).toEqual(['small', 'large', 'largest'])
  expect(asked().at(-1)).toBe('small')
})
