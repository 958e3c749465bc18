import type { GatewayConfigInput } from '@llmproxy/core'
import { describe, expect, test } from 'vitest'
import { chunk, errorBody, healthy, openStream, sendJson } from '../reliability/support/answers.ts'
import {
  type Answer,
  type FakeUpstream,
  fakeUpstream,
  type SeenRequest,
} from '../reliability/support/fake-upstream.ts'
import { metric, provider, type Proxy, startProxy } from '../reliability/support/proxy.ts'

type Condensation = NonNullable<GatewayConfigInput['condensation']>
interface Asked {
  readonly messages?: readonly object[]
  readonly prompt?: string
  readonly max_tokens?: number
  readonly max_completion_tokens?: number
}

const refusing =
  (status: number, message: string, code: string | null = null): Answer =>
  (_request, response) =>
    sendJson(response, status, errorBody(message, 'invalid_request_error', code))

/** Answers the first requests in turn, and all others as a healthy upstream does. */
function inTurn(...answers: readonly Answer[]): Promise<FakeUpstream> {
  let count = 0
  return fakeUpstream((request, response) => {
    if (request.method !== 'POST') return sendJson(response, 404, {})
    return (answers[count++] ?? healthy('fine'))(request, response)
  })
}

function proxyFor(upstream: FakeUpstream, condensation: Condensation, more: GatewayConfigInput = {}) {
  return startProxy({
    providers: [provider('only', upstream.url)],
    circuit_breaker_threshold: 1,
    condensation,
    ...more,
  })
}

const messages = [
  { role: 'user', content: 'Tell me of the coast. '.repeat(200) },
  { role: 'assistant', content: 'There is much to tell. '.repeat(200) },
  { role: 'user', content: 'And now?' },
]

function ask({ url }: Proxy, body: object, path = '/v1/chat/completions'): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', ...body }),
  })
}

const asked = ({ requests }: FakeUpstream): Asked[] =>
  posted(requests).map(({ body }) => JSON.parse(body.toString()) as Asked)

/** Model lists are asked for in the background. */
const posted = (requests: readonly SeenRequest[]): readonly SeenRequest[] =>
  requests.filter(({ method }) => method === 'POST')

const sum = (input: number, output: number, limit: number) =>
  refusing(
    400,
    `input length and \`max_tokens\` exceed context limit: ${input} + ${output} > ${limit}, decrease`,
  )

describe('an answer that is too long', () => {
  test('of a completion', async () => {
    const upstream = await inTurn(sum(1000, 5000, 4000))
    const proxy = await proxyFor(upstream, {})
    const response = await ask(proxy, { prompt: 'Hello', max_tokens: 5000 }, '/v1/completions')
    expect(response.headers.get('x-llmproxy-condensed')).toBe('max_tokens; from=5000; to=3000')
    expect(asked(upstream)).toEqual([
      { model: 'm', prompt: 'Hello', max_tokens: 5000 },
      { model: 'm', prompt: 'Hello', max_tokens: 3000 },
    ])
  })

  test('of a stream, where streams are condensed, and only there', async () => {
    for (const streaming of [true, false]) {
      const upstream = await inTurn(sum(1000, 5000, 4000))
      const proxy = await proxyFor(upstream, { streaming })
      const response = await ask(proxy, { messages, max_completion_tokens: 5000, stream: true })
      const limits = asked(upstream).map((body) => body.max_completion_tokens)
      const text = await response.text()
      const expected = streaming ? [200, 'fine', [5000, 3000]] : [400, 'context_length_exceeded', [5000]]
      expect([response.status, text, limits]).toEqual([
        expected[0],
        expect.stringContaining(String(expected[1])),
        expected[2],
      ])
    }
  })

  test('that would be of no use when it is shorter: the context is condensed', async () => {
    const upstream = await inTurn(sum(3990, 5000, 4000))
    const proxy = await proxyFor(upstream, {})
    const response = await ask(proxy, { messages, max_tokens: 5000 })
    expect(response.headers.get('x-llmproxy-condensed')).toMatch(/^summary; /)
    expect(asked(upstream).at(-1)?.max_tokens).toBe(5000)
  })

  test.each<[what: string, second: Answer]>([
    ['may not be so short', refusing(400, 'max_tokens must be greater than thinking.budget_tokens')],
    ['does not fit when it is shorter', sum(3500, 3000, 4000)],
  ])('that %s: the context is condensed, and the answer as long as was asked for', async (_, second) => {
    const upstream = await inTurn(sum(1000, 5000, 4000), second)
    const proxy = await proxyFor(upstream, {})
    const response = await ask(proxy, { messages, max_tokens: 5000 })
    expect([response.status, response.headers.get('x-llmproxy-condensed')]).toEqual([
      200,
      expect.stringMatching(/^summary; /),
    ])
    const [first, shorter, , last] = asked(upstream)
    expect([first, shorter, last].map((body) => body?.max_tokens)).toEqual([5000, 3000, 5000])
    expect(last?.messages?.at(-1)).toEqual(messages.at(-1))
  })

  test('beside a prompt of which nobody says how long it is: it is estimated', async () => {
    const upstream = await inTurn(
      refusing(
        400,
        "This model's maximum context length is 10000 tokens. However, you requested 9000 output tokens and your prompt contains at least 1001 input tokens, for a total of at least 10001 tokens.",
      ),
    )
    const proxy = await proxyFor(upstream, {})
    const response = await ask(proxy, { messages, max_tokens: 9000 })
    // About 9000 characters.
    const { 'x-llmproxy-condensed': condensed = '' } = Object.fromEntries(response.headers)
    expect(condensed).toMatch(/^max_tokens; from=9000; to=\d{4}$/)
    expect(Number(/to=(\d+)/.exec(condensed)?.[1])).toBeGreaterThan(6000)
    expect(asked(upstream)).toHaveLength(2)
  })
})

describe('a keyword of the operator', () => {
  const failure = refusing(500, 'Custom_Error: 7 of 5')

  test('in an error of any operation: never repeated, no failure of the provider, the vendor’s words', async () => {
    const upstream = await inTurn(failure, failure)
    const proxy = await proxyFor(upstream, { error_keywords: ['custom_error'] })
    for (const seen of [1, 2]) {
      const response = await ask(proxy, { input: 'a' }, '/v1/embeddings')
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { message: 'Custom_Error: 7 of 5', code: 'context_length_exceeded' } },
      ])
      expect(response.headers.get('x-should-retry')).toBe('false')
      expect(posted(upstream.requests)).toHaveLength(seen)
    }
    expect((await ask(proxy, { input: 'a' }, '/v1/embeddings')).status).toBe(200)
  })

  test('that nobody has configured: a failure like any other', async () => {
    for (const condensation of [
      { error_keywords: ['other'] },
      { enabled: false, error_keywords: ['custom_error'] },
    ]) {
      const upstream = await inTurn(failure)
      const proxy = await proxyFor(upstream, condensation, { max_attempts: 1 })
      expect((await ask(proxy, { messages })).status).toBe(502)
      expect((await ask(proxy, { messages })).status).toBe(503)
      expect(posted(upstream.requests)).toHaveLength(1)
    }
  })

  test('leads to a larger model, too', async () => {
    const upstream = await inTurn(failure)
    const proxy = await startProxy({
      providers: [provider('only', upstream.url, { models: [{ id: 'm', context_fallback: 'big' }, 'big'] })],
      condensation: { error_keywords: ['custom_error'] },
    })
    const response = await ask(proxy, { input: 'a' }, '/v1/embeddings')
    expect([response.status, response.headers.get('x-llmproxy-model')]).toEqual([200, 'big'])
  })

  test('in the middle of a stream comes too late: what was said stays, and the stream ends with the error', async () => {
    const upstream = await inTurn((_request, response) =>
      openStream(response).end(
        `${chunk('Once')}data: ${JSON.stringify({ error: { message: 'custom_error' } })}\n\n`,
      ),
    )
    const proxy = await proxyFor(upstream, { error_keywords: ['custom_error'], streaming: true })
    const response = await ask(proxy, { messages, stream: true })
    const text = await response.text()
    expect(text).toContain('Once')
    expect(text).toMatch(/"message":"custom_error".*"code":"context_length_exceeded"/)
    expect(posted(upstream.requests)).toHaveLength(1)
    expect((await ask(proxy, { messages })).status).toBe(200)
  })

  test('is counted as what it is', async () => {
    const upstream = await inTurn(failure)
    const proxy = await proxyFor(upstream, { error_keywords: ['custom_error'] })
    expect((await ask(proxy, { messages })).headers.get('x-llmproxy-condensed')).toMatch(/^summary; /)
    expect(posted(upstream.requests)).toHaveLength(3)
    expect(await metric(proxy, 'llmproxy_condensations_total', { kind: 'summary' })).toBe(1)
  })
})
