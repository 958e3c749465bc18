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
    model: 'blackboxai/a',
    stream: false,
    headers: {},
    dropped: () => undefined,
  }
  return { ...full, ...more, body: body as never }
}

describe('options', () => {
  test.each<[object, string, string]>([
    [{}, 'https://api.blackbox.ai', '/chat/completions'],
    [{ base_url: 'https://api.blackbox.ai/v1/' }, 'https://api.blackbox.ai', '/v1/chat/completions'],
    [{ base_url: 'https://enterprise.blackbox.ai' }, 'https://enterprise.blackbox.ai', '/chat/completions'],
    [{ api: 'openai-images' }, 'https://api.blackbox.ai', '/v1/chat/completions'],
    [
      { api: 'openai-images', base_url: 'http://127.0.0.1:9/v1' },
      'http://127.0.0.1:9',
      '/v1/chat/completions',
    ],
  ])('%j asks %s for chat at %s', (options, baseUrl, path) => {
    const provider = create(options)
    expect(provider.baseUrl).toBe(baseUrl)
    expect(provider.operations.chat?.request(call({ messages: [] })).path).toBe(path)
    expect(provider.health?.request().path).toBe('/v1/models')
    expect(provider.models?.request().path).toBe('/v1/models')
  })

  test('the key is sent as a bearer token, and never printed', async () => {
    const provider = create()
    const headers = await provider.authorize({} as PreparedRequest, {} as AuthorizeIo)
    expect(headers).toEqual({ authorization: `Bearer ${key}` })
    expect(inspect(provider, { depth: 9, showHidden: true })).not.toContain(key)
  })

  test('the free request can be another one, and says when it is not there', () => {
    const { health } = create({ health_path: '/health?short=1' })
    expect(health?.request()).toEqual({ method: 'GET', path: '/health?short=1' })
    expect(health?.verdict?.({ status: 404, headers: {}, body: undefined, text: '' })).toEqual({
      status: 'healthy',
      message: 'reachable; there is no /health?short=1, so the key was not checked',
    })
  })
})

describe('pictures through chat', () => {
  const { images } = create().operations

  test.each<[unknown, number | undefined]>([
    [undefined, undefined],
    [1, undefined],
    [2, 2],
    [10, 10],
    [11, undefined],
  ])('n: %j makes %j exchanges', (n, count) => {
    expect(images?.split?.(call({ model: 'm', prompt: 'A cat', n }))?.length).toBe(count)
  })

  test('the answers of a split request come in order', () => {
    const data = ['a', 'b'].map((name) => ({ url: `https://example.com/${name}` }))
    const answers = data.map((item, index) => ({ created: 3 + index, data: [item] }))
    expect(images?.join?.(answers, call({}))).toEqual({ created: 3, data })
  })

  test.each([
    'https://example.com/a b',
    'https://',
    '![cat](https://example.com/a.png)',
    'data:image/png;base64,AAAA',
    '',
    '{"url":"https://example.com/a.png"}',
  ])('the content %j is no answer', (content) => {
    const body = { choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }] }
    expect(faultOf(() => images?.response?.(body, call({ prompt: 'A cat' })))).toMatchObject({
      kind: 'bad_response',
    })
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
    {
      messages: [],
      functions: [null],
      function_call: 5,
      tools: 'all',
      stream_options: 'yes',
      temperature: {},
    },
    { messages: [], functions: 'f', max_tokens: [], quality: {}, response_format: 5, prompt: 5, n: 'many' },
  ]

  test.each(bodies)('%j is sent or refused, and never crashes', (body) => {
    for (const api of ['chat', 'openai-images']) {
      const { operations } = create({ api })
      for (const name of Object.keys(operations) as OperationName[]) {
        for (const stream of [false, true]) {
          const fault = faultOf(() => operations[name]?.request(call(body, { stream })))
          expect(fault?.kind ?? 'invalid_request').toBe('invalid_request')
        }
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
