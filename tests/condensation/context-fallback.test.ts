import type { GatewayConfigInput } from '@llmproxy/core'
import { describe, expect, test } from 'vitest'
import { errorBody, failing, healthy, sendJson } from '../reliability/support/answers.ts'
import {
  type Answer,
  type FakeUpstream,
  fakeUpstream,
  refusingUrl,
  type SeenRequest,
  until,
} from '../reliability/support/fake-upstream.ts'
import { provider, type Proxy, startProxy } from '../reliability/support/proxy.ts'

const refusing =
  (limit: number): Answer =>
  (_request, response) =>
    sendJson(
      response,
      400,
      errorBody(
        `maximum context length is ${limit} tokens`,
        'invalid_request_error',
        'context_length_exceeded',
      ),
    )

const tooLong = refusing(1000)

/** Model lists are asked for in the background. */
const posted = ({ requests }: FakeUpstream): readonly SeenRequest[] =>
  requests.filter(({ method }) => method === 'POST')

const models = (upstream: FakeUpstream): string[] =>
  posted(upstream).map(({ body }) => (JSON.parse(body.toString()) as { model: string }).model)

/** One upstream that answers by model. */
function byModel(answers: Readonly<Record<string, Answer>>): Promise<FakeUpstream> {
  return fakeUpstream((request, response) => {
    if (request.method !== 'POST') return sendJson(response, 404, {})
    const { model } = JSON.parse(request.body.toString()) as { model: string }
    answers[model]!(request, response)
  })
}

type Models = NonNullable<NonNullable<GatewayConfigInput['providers']>[number]['models']>

/** A provider for each list of models, all of them at the same upstream. */
function proxyFor(url: string, lists: Readonly<Record<string, Models>>, more: GatewayConfigInput = {}) {
  const providers = Object.entries(lists).map(([name, list]) => provider(name, url, { models: list }))
  return startProxy({ providers, ...more })
}

const chat = { messages: [{ role: 'user', content: 'Hello' }] }

function ask({ url }: Proxy, body: object, path = '/v1/chat/completions'): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

const told = ({ status, headers }: Response) => [
  status,
  headers.get('x-llmproxy-provider'),
  headers.get('x-llmproxy-model'),
  headers.get('x-llmproxy-attempts'),
  headers.get('x-llmproxy-condensed'),
]

describe('a request that does not fit its model is asked of the one that it names, as it is', () => {
  const completions = { prompt: 'Hello' }
  const stream = { stream: true }
  test.each<[what: string, path: string, body: object]>([
    ['a chat', '/v1/chat/completions', chat],
    ['a streamed chat', '/v1/chat/completions', { ...chat, ...stream }],
    ['a completion', '/v1/completions', completions],
    ['a streamed completion', '/v1/completions', { ...completions, ...stream }],
    ['embeddings', '/v1/embeddings', { input: 'a' }],
    ['a message', '/v1/messages', { ...chat, max_tokens: 10 }],
    ['a streamed message', '/v1/messages', { ...chat, max_tokens: 10, ...stream }],
  ])('%s', async (_, path, body) => {
    const upstream = await byModel({ small: tooLong, big: healthy('from the big one') })
    const messages = path === '/v1/messages'
    const type = messages ? { type: 'anthropic', base_url: upstream.url, operations: undefined } : {}
    const entry = { id: 'small', context_fallback: 'big' }
    const proxy = await startProxy({
      providers: [
        provider('first', upstream.url, { models: [entry], ...type }),
        provider('second', upstream.url, { models: ['big'], ...type }),
      ],
    })
    const response = await ask(proxy, { model: 'small', ...body }, path)
    const text = await response.text()
    expect(told(response)).toEqual([200, 'second', 'big', '2', null])
    expect(text).toContain(path === '/v1/embeddings' ? '"embedding"' : 'from the big one')
    const [before, after] = posted(upstream).map(({ body: sent }) => sent.toString())
    expect(after).toBe(before!.replace('"small"', '"big"'))
    await until(() => proxy.requests.length > 0)
    expect(proxy.requests).toHaveLength(1)
  })
})

describe('a chain', () => {
  test('each names the next, and the last one answers', async () => {
    const upstream = await byModel({ a: tooLong, b: tooLong, c: healthy('c') })
    const proxy = await proxyFor(upstream.url, {
      first: [{ id: 'a', context_fallback: 'b' }],
      second: [{ id: 'b', context_fallback: 'c' }, 'c'],
    })
    const response = await ask(proxy, { model: 'a', ...chat })
    expect(told(response)).toEqual([200, 'second', 'c', '3', null])
    expect(models(upstream)).toEqual(['a', 'b', 'c'])
  })

  test('that leads back ends, with the error of the one that was asked last', async () => {
    const upstream = await byModel({ a: tooLong, b: refusing(2000) })
    const proxy = await proxyFor(upstream.url, {
      only: [
        { id: 'a', context_fallback: 'b' },
        { id: 'b', context_fallback: 'a' },
      ],
    })
    const response = await ask(proxy, { model: 'a', ...chat })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { message: 'maximum context length is 2000 tokens', code: 'context_length_exceeded' },
    })
    expect(models(upstream)).toEqual(['a', 'b'])
  })

  test('whose end is down ends with the error of the largest that refused', async () => {
    const upstream = await byModel({ a: tooLong, b: refusing(2000), c: failing(503) })
    const proxy = await startProxy({
      providers: [
        provider('first', upstream.url, {
          models: [
            { id: 'a', context_fallback: 'b' },
            { id: 'b', context_fallback: 'c' },
          ],
        }),
        provider('second', upstream.url, { models: ['c'], max_retries: 0 }),
      ],
    })
    expect(await (await ask(proxy, { model: 'a', ...chat })).json()).toMatchObject({
      error: { message: 'maximum context length is 2000 tokens' },
    })
    expect(models(upstream)).toEqual(['a', 'b', 'c'])
  })

  test('is followed whatever max_attempts says, one attempt of each', async () => {
    const upstream = await byModel({ a: tooLong, b: tooLong, c: healthy() })
    const lists = {
      only: [{ id: 'a', context_fallback: 'b' }, { id: 'b', context_fallback: 'c' }, 'c'] satisfies Models,
    }
    const proxy = await proxyFor(upstream.url, lists, { max_attempts: 1 })
    expect((await ask(proxy, { model: 'a', ...chat })).status).toBe(200)
    expect(models(upstream)).toEqual(['a', 'b', 'c'])
  })

  test('begins where the request was refused: another provider of the model may name another one', async () => {
    const upstream = await byModel({ a: tooLong, b: healthy('b'), c: healthy('c') })
    const proxy = await startProxy({
      providers: [
        provider('down', await refusingUrl(), {
          models: [{ id: 'a', context_fallback: 'b' }],
          max_retries: 0,
        }),
        provider('up', upstream.url, {
          models: [{ id: 'a', context_fallback: 'c' }, 'b', 'c'],
          priority: 2,
        }),
      ],
    })
    expect(told(await ask(proxy, { model: 'a', ...chat }))).toEqual([200, 'up', 'c', '3', null])
  })
})

describe('a larger model that is no help', () => {
  const small = { id: 'small', context_fallback: 'big' }

  test.each<[what: string, answer: Answer]>([
    ['it is overloaded', failing(503)],
    ['it is not there', failing(404)],
    ['its key is refused', failing(401)],
    ['it takes no more either', tooLong],
  ])('%s: the client hears that its request is too long', async (_, answer) => {
    const upstream = await byModel({ small: tooLong, big: answer })
    const proxy = await startProxy({
      providers: [
        provider('first', upstream.url, { models: [small] }),
        provider('second', upstream.url, { models: ['big'], max_retries: 0 }),
      ],
    })
    const response = await ask(proxy, { model: 'small', ...chat })
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { code: 'context_length_exceeded', message: 'maximum context length is 1000 tokens' } },
    ])
    expect(models(upstream)).toEqual(['small', 'big'])
    // What failed there counts there.
    expect(proxy.gateway.metrics().providers['second']?.total_requests).toBe(1)
  })

  test('its breaker is open, or none of its keys is left: the client hears the same', async () => {
    const upstream = await byModel({ small: tooLong, big: failing(401) })
    const keys = { api_key: undefined, api_key_env: ['ONE', 'TWO'] }
    const proxy = await startProxy(
      {
        providers: [
          provider('first', upstream.url, { models: [small] }),
          provider('second', upstream.url, { models: ['big'], max_retries: 0, ...keys }),
        ],
        circuit_breaker_threshold: 1,
      },
      { env: { ONE: 'upstream-key-one', TWO: 'upstream-key-two' } },
    )
    for (const asked of [['big', 'big'], []]) {
      const response = await ask(proxy, { model: 'small', ...chat })
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { code: 'context_length_exceeded' } },
      ])
      expect(models(upstream).slice(-1 - asked.length)).toEqual(['small', ...asked])
    }
  })

  test('nobody listens there: the next one of the chain is asked', async () => {
    const upstream = await byModel({ small: tooLong, huge: healthy('huge') })
    const proxy = await startProxy({
      providers: [
        provider('first', upstream.url, { models: [small, 'huge'] }),
        provider('down', await refusingUrl(), {
          models: [{ id: 'big', context_fallback: 'huge' }],
          max_retries: 0,
        }),
      ],
    })
    expect(told(await ask(proxy, { model: 'small', ...chat }))).toEqual([200, 'first', 'huge', '3', null])
  })

  test('it has no such operation, or lacks what the request needs: it is not asked', async () => {
    const upstream = await byModel({ small: tooLong, big: healthy() })
    const proxy = await startProxy({
      providers: [
        provider('first', upstream.url, { models: [small] }),
        provider('second', upstream.url, {
          models: ['big'],
          operations: ['chat'],
          supports: { streaming: false },
        }),
      ],
    })
    const embeddings = await ask(proxy, { model: 'small', input: 'x' }, '/v1/embeddings')
    const streamed = await ask(proxy, { model: 'small', ...chat, stream: true })
    expect([embeddings.status, streamed.status]).toEqual([400, 400])
    expect(models(upstream)).toEqual(['small', 'small'])
  })

  test('with condensation the request is condensed then, for the model that was asked for', async () => {
    const upstream = await fakeUpstream((request, response) => {
      const body = request.body.toString()
      const isSmall = body.includes('"small"')
      if (isSmall && !body.includes('once upon a time')) return healthy('short enough')(request, response)
      if (!isSmall && request.headers.authorization?.endsWith('of-summaries') === true)
        return healthy('the gist')(request, response)
      return (isSmall ? tooLong : failing(503))(request, response)
    })
    const proxy = await startProxy({
      providers: [
        provider('first', upstream.url, { models: [small] }),
        provider('second', upstream.url, { models: ['big'], max_retries: 0 }),
        provider('summaries', upstream.url, { models: ['teller'], priority: 9 }),
      ],
      condensation: { provider: 'summaries' },
    })
    const messages = [
      { role: 'user', content: 'once upon a time '.repeat(200) },
      { role: 'assistant', content: 'once upon a time it was' },
      { role: 'user', content: 'and now?' },
    ]
    const response = await ask(proxy, { model: 'small', messages })
    expect(await response.text()).toContain('short enough')
    expect(told(response).slice(0, 3)).toEqual([200, 'first', 'small'])
    expect(response.headers.get('x-llmproxy-condensed')).toMatch(/^summary; /)
    expect(models(upstream)).toEqual(['small', 'big', 'teller', 'small'])
  })
})

test('what fits is asked of its own model only', async () => {
  const upstream = await byModel({ small: healthy(), big: healthy() })
  const proxy = await proxyFor(upstream.url, { only: [{ id: 'small', context_fallback: 'big' }, 'big'] })
  expect(told(await ask(proxy, { model: 'small', ...chat }))).toEqual([200, 'only', 'small', '1', null])
  expect(models(upstream)).toEqual(['small'])
})

test('a model that only a wildcard knows, and a name with its provider', async () => {
  const upstream = await byModel({ small: tooLong, big: healthy() })
  const proxy = await proxyFor(upstream.url, {
    first: [{ id: 'small', context_fallback: 'second/big' }],
    second: ['b*'],
  })
  expect(told(await ask(proxy, { model: 'first/small', ...chat }))).toEqual([200, 'second', 'big', '2', null])
})
