import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { describe, expect, test } from 'vitest'
import { compatible, type Started, start } from '../support/start.ts'

const messages = [{ role: 'user', content: 'Hi' }] as const

/** The SDK as people use it: with its two retries of its own. */
function clientOf(gateway: Started, apiKey = 'client-key'): OpenAI {
  return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey })
}

async function thrown(promise: Promise<unknown>): Promise<APIError> {
  const error: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof APIError)) throw new Error('no APIError was thrown', { cause: error })
  return error
}

const faults = [
  { model: 'mock-error-400', type: BadRequestError, status: 400, code: null },
  {
    model: 'mock-context-length',
    type: BadRequestError,
    status: 400,
    code: 'context_length_exceeded',
  },
  { model: 'mock-content-filter', type: BadRequestError, status: 400, code: 'content_filter' },
  { model: 'nobody-has-this', type: NotFoundError, status: 404, code: 'model_not_found' },
  { model: 'mock-error-404', type: NotFoundError, status: 404, code: 'model_not_found' },
  { model: 'mock-quota', type: RateLimitError, status: 429, code: 'insufficient_quota' },
  { model: 'mock-error-401', type: InternalServerError, status: 502, code: 'upstream_authentication' },
  { model: 'mock-error-500', type: InternalServerError, status: 502, code: expect.any(String) },
  { model: 'mock-error-503', type: InternalServerError, status: 503, code: expect.any(String) },
  { model: 'mock-error-529', type: InternalServerError, status: 503, code: expect.any(String) },
  { model: 'mock-html-502', type: InternalServerError, status: 502, code: expect.any(String) },
  { model: 'mock-empty', type: InternalServerError, status: 502, code: expect.any(String) },
  { model: 'mock-refused', type: InternalServerError, status: 502, code: expect.any(String) },
  { model: 'mock-hang', type: InternalServerError, status: 504, code: expect.any(String) },
] as const

/** In a stream these happen after its first frames. */
const wholeFaults = [
  { model: 'mock-malformed', type: InternalServerError, status: 502, code: expect.any(String) },
  { model: 'mock-cut-body', type: InternalServerError, status: 502, code: expect.any(String) },
] as const

describe.each([false, true])('with stream: %s', (stream) => {
  test.each(stream ? faults : [...faults, ...wholeFaults])(
    'an upstream like $model throws the right class for $status, after one attempt',
    async ({ model, type, status, code }) => {
      const limits = model === 'mock-hang' ? { timeout: 0.2 } : {}
      await using gateway = await start({
        config: ([url = '']) => ({ providers: [compatible(url, limits)] }),
      })
      const create = clientOf(gateway).chat.completions.create({ model, messages: [...messages], stream })
      const error = await thrown(read(create))
      expect(error).toBeInstanceOf(type)
      expect(error).toMatchObject({ status, code })
      expect(error.message).not.toBe('')
      expect(error.requestID).toBe(gateway.outcomes[0]?.requestId)
      expect(gateway.outcomes).toHaveLength(1)
      expect(gateway.upstreams[0]!.requests.length).toBeLessThanOrEqual(1)
    },
  )
})

async function read(answer: Promise<unknown>): Promise<void> {
  const value = await answer
  if (typeof value === 'object' && value !== null && Symbol.asyncIterator in value)
    for await (const _ of value as AsyncIterable<unknown>);
}

test('an operation that nobody has is 501, asked for once', async () => {
  await using gateway = await start({
    config: ([url = '']) => ({ providers: [compatible(url, { operations: ['chat'] })] }),
  })
  const error = await thrown(clientOf(gateway).embeddings.create({ model: 'mock-embed-8', input: 'x' }))
  expect(error.status).toBe(501)
  expect(error.headers?.get('x-should-retry')).toBe('false')
  expect(gateway.outcomes).toHaveLength(1)
  expect(gateway.upstreams[0]!.requests).toHaveLength(0)
})

test('a wrong client key is an AuthenticationError, and no upstream hears of it', async () => {
  await using gateway = await start({
    config: ([url = '']) => ({ api_keys: ['the-right-key-of-this-test'], providers: [compatible(url)] }),
  })
  const error = await thrown(
    clientOf(gateway, 'a-wrong-key').chat.completions.create({ model: 'mock-echo', messages: [...messages] }),
  )
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error.requestID).toBeTruthy()
  expect(error.message).not.toContain('a-wrong-key')
  expect(gateway.upstreams[0]!.requests).toHaveLength(0)
  const right = clientOf(gateway, 'the-right-key-of-this-test')
  const answer = await right.chat.completions.create({ model: 'mock-echo', messages: [...messages] })
  expect(answer.choices[0]?.message.content).toBe('Hi')
})

test('a body above the limit is 413, sent once', async () => {
  await using gateway = await start({
    config: ([url = '']) => ({ body_limit: 1000, providers: [compatible(url)] }),
  })
  const content = 'x'.repeat(2000)
  const error = await thrown(
    clientOf(gateway).chat.completions.create({ model: 'mock-echo', messages: [{ role: 'user', content }] }),
  )
  expect(error).toMatchObject({ status: 413, code: 'request_too_large', type: 'invalid_request_error' })
})

test('an upstream that always fails is asked as often as the gateway says, whatever the SDK would do', async () => {
  await using gateway = await start({
    config: ([url = '']) => ({
      max_attempts: 2,
      providers: [compatible(url, { max_retries: 5, retry_delay: 0.01 })],
    }),
  })
  await thrown(
    clientOf(gateway).chat.completions.create({ model: 'mock-error-503', messages: [...messages] }),
  )
  expect(gateway.upstreams[0]!.requests).toHaveLength(2)
  expect(gateway.outcomes).toHaveLength(1)
})

test('a rate limit that the gateway did not wait for is waited for by the SDK, as long as the vendor said', async () => {
  await using gateway = await start()
  const began = performance.now()
  const answer = await clientOf(gateway).chat.completions.create({
    model: 'mock-flaky-1-error-429-retry-1',
    messages: [...messages],
  })
  expect(answer.choices[0]?.message.content).toBe('Hello from the mock model.')
  expect(performance.now() - began).toBeGreaterThanOrEqual(990)
  expect(gateway.outcomes.map(({ status }) => status)).toEqual([429, 200])
})

test.each([
  'mock-error-after-2',
  'mock-cut-after-2',
  'mock-cut-body',
  'mock-malformed',
  'mock-scenario-clean-end',
])(
  'a stream that fails after it began (%s) throws an APIError behind its text, and is not asked for again',
  async (model) => {
    await using gateway = await start()
    const stream = await clientOf(gateway).chat.completions.create({
      model,
      messages: [...messages],
      stream: true,
    })
    let text = ''
    const error = await thrown(
      (async () => {
        for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
      })(),
    )
    expect(text).not.toBe('')
    expect(error.message).not.toBe('')
    expect(gateway.upstreams[0]!.requests).toHaveLength(1)
  },
)
