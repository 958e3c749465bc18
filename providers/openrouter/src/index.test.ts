import { inspect } from 'node:util'
import {
  type AuthorizeIo,
  type Call,
  type OperationName,
  type PreparedRequest,
  type Provider,
  ProviderFault,
} from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'

const key = 'a-key-for-tests'

function create(options: object = {}): Provider {
  const result = plugin.options['~standard'].validate({ api_key: key, ...options })
  if (result instanceof Promise || result.issues) throw new TypeError(JSON.stringify(result))
  return plugin.create(result.value)
}

function call(body: unknown, more: Partial<Call> = {}): Call<never> {
  const full = {
    id: 'abc',
    created: 7,
    model: 'openai/gpt-4o',
    stream: false,
    headers: {},
    dropped: () => undefined,
  }
  return { ...full, ...more, body: body as never }
}

describe('options', () => {
  test.each<[object, string]>([
    [{}, 'https://openrouter.ai/api/v1'],
    [{ base_url: 'https://openrouter.ai/api' }, 'https://openrouter.ai/api/v1'],
    [{ base_url: 'https://openrouter.ai/api/' }, 'https://openrouter.ai/api/v1'],
    [{ base_url: 'https://openrouter.ai/api/v1/' }, 'https://openrouter.ai/api/v1'],
    [{ base_url: 'http://127.0.0.1:9' }, 'http://127.0.0.1:9/v1'],
  ])('%j gives the base URL %s', (options, baseUrl) => {
    expect(create(options).baseUrl).toBe(baseUrl)
  })

  test('the key is sent as a bearer token, and never printed', async () => {
    const provider = create()
    const headers = await provider.authorize({} as PreparedRequest, {} as AuthorizeIo)
    expect(headers).toEqual({ authorization: `Bearer ${key}` })
    expect(inspect(provider, { depth: 9, showHidden: true })).not.toContain(key)
  })

  test('every operation says who asks', () => {
    const { operations } = create({
      site_url: ' https://example.com ',
      app_name: 'A b',
      completions: 'native',
    })
    const headers = { 'http-referer': 'https://example.com', 'x-openrouter-title': 'A b' }
    const names = Object.keys(operations) as OperationName[]
    expect(names).toEqual(['chat', 'completions', 'embeddings', 'images', 'videos'])
    for (const name of names)
      expect(operations[name]?.request(call({ messages: [], prompt: 'x' })).headers).toMatchObject(headers)
  })

  test('completions are the gateway’s own unless they are native', () => {
    expect(create().operations).not.toHaveProperty('completions')
  })
})

describe('a video job', () => {
  const { videos } = create({ video_poll_interval: 0.2 }).operations
  const path = '/videos/a%2F..%2Fb'

  test.each(['pending', 'in_progress', 'queued'])(
    'that is %s is asked about below the configured address',
    (status) => {
      const job = { id: 'a/../b', status, polling_url: 'https://elsewhere.test/' }
      expect(videos?.follow?.(job, call({}))).toEqual({
        request: { method: 'GET', path, headers: {} },
        afterMs: 200,
      })
    },
  )

  test.each<[unknown, string]>([
    [{ id: 'a', status: 'failed', error: { message: 'It cannot be drawn.' } }, 'upstream'],
    [{ id: 'a', status: 'cancelled' }, 'upstream'],
    [{ id: 'a', status: 'expired', error: null }, 'upstream'],
    [{ id: 'a', status: 'a new word' }, 'bad_response'],
    [{ id: '', status: 'pending' }, 'bad_response'],
    [null, 'bad_response'],
  ])('%j is a fault of kind %s', (job, kind) => {
    expect(faultOf(() => videos?.follow?.(job, call({})))).toMatchObject({ kind })
  })

  test('as a file has the members of the job', () => {
    const job = { id: 'a', status: 'completed', usage: { cost: 0.4 }, polling_url: 'https://elsewhere.test/' }
    expect(videos?.response?.({ mediaType: 'video/mp4', base64: 'AAAA', job }, call({}))).toEqual({
      id: 'a',
      status: 'completed',
      usage: { cost: 0.4 },
      created: 7,
      data: [{ b64_json: 'AAAA', mime_type: 'video/mp4' }],
    })
  })
})

test.each([
  ['application/json', 'eyJlcnJvciI6MX0='],
  ['text/html', 'PGgxPg=='],
  ['video/mp4', ''],
])('a file of the type %s with %j is no video', (mediaType, base64) => {
  const { videos } = create().operations
  const body = { mediaType, base64, job: { id: 'a', status: 'completed' } }
  expect(faultOf(() => videos?.response?.(body, call({})))).toMatchObject({ kind: 'bad_response' })
})

test('a native completion with an empty head gets one', () => {
  const { completions } = create({ completions: 'native' }).operations
  const body = { id: null, created: null, model: '', choices: [{ text: 'a', finish_reason: 'stop' }] }
  expect(completions?.response?.(body, call({ prompt: 'x' }))).toMatchObject({
    id: 'cmpl-abc',
    created: 7,
    model: 'openai/gpt-4o',
  })
})

describe('odd requests', () => {
  const bodies: unknown[] = [
    {},
    { messages: null },
    { messages: 'Hi' },
    { messages: [null, 5, 'x', []] },
    {
      messages: [
        { role: 'user', content: null },
        { role: 'assistant', function_call: 5 },
      ],
    },
    { messages: [{ role: 'function', name: 5 }] },
    { messages: [], functions: [null], function_call: 5, tools: 'all', debug: 5, stream_options: 'yes' },
    { messages: [], functions: 'f', debug: [], quality: {}, response_format: 5, prompt: 5, n: 'many' },
  ]

  test.each(bodies)('%j is sent or refused, and never crashes', (body) => {
    const { operations } = create({ completions: 'native' })
    for (const name of Object.keys(operations) as OperationName[]) {
      for (const stream of [false, true]) {
        const fault = faultOf(() => operations[name]?.request(call(body, { stream })))
        expect(fault?.kind ?? 'invalid_request').toBe('invalid_request')
      }
    }
  })
})

/** The fault that `run` throws; `undefined` when it throws none. Anything else that it throws goes on. */
function faultOf(run: () => unknown) {
  try {
    run()
  } catch (error) {
    if (ProviderFault.is(error)) return error.fault
    throw error
  }
  return undefined
}
