import { inspect } from 'node:util'
import type { AuthorizeIo, Call, PreparedRequest, Provider } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'

const key = 'a-key-for-tests'

function create(options: object = {}): Provider {
  const result = plugin.options['~standard'].validate({ api_key: key, ...options })
  if (result instanceof Promise || result.issues) throw new TypeError(JSON.stringify(result))
  return plugin.create(result.value)
}

function call(body: object, more: Partial<Call> = {}): Call<never> {
  const full = {
    id: 'abc',
    created: 7,
    model: 'gpt-4o',
    stream: false,
    headers: {},
    dropped: () => undefined,
    ...more,
  }
  return { ...full, body: body as never }
}

const authorized = (provider: Provider) => provider.authorize({} as PreparedRequest, {} as AuthorizeIo)

describe('options', () => {
  test.each<[object, string]>([
    [{}, 'https://api.openai.com/v1'],
    [{ base_url: 'https://api.openai.com/v1/' }, 'https://api.openai.com/v1'],
    [{ base_url: 'https://eu.api.openai.com' }, 'https://eu.api.openai.com/v1'],
    [{ base_url: 'http://127.0.0.1:9/openai' }, 'http://127.0.0.1:9/openai'],
  ])('%j gives the base URL %s', (options, baseUrl) => {
    expect(create(options).baseUrl).toBe(baseUrl)
  })

  test.each<[object, string]>([
    [{ api_key: undefined }, 'api_key'],
    [{ base_url: 'api.openai.com' }, 'base_url'],
    [{ organization: 'two words' }, 'organization'],
    [{ project: '' }, 'project'],
    [{ api: 'responses' }, 'api'],
    [{ model_fixes: 'yes' }, 'model_fixes'],
    [{ video_poll_interval: 0 }, 'video_poll_interval'],
    [{ organisation: 'org-1' }, 'organisation'],
  ])('%j is refused at %s', (options, path) => {
    expect(() => create(options)).toThrow(path)
  })

  test('the key is sent as a bearer token, and never printed', async () => {
    const provider = create()
    expect(await authorized(provider)).toEqual({ authorization: `Bearer ${key}` })
    expect(inspect(provider, { depth: 9, showHidden: true })).not.toContain(key)
  })

  test('organization and project become headers', () => {
    const provider = create({ organization: 'org-1', project: 'proj_1' })
    const headers = { 'openai-organization': 'org-1', 'openai-project': 'proj_1' }
    expect(provider.operations.chat?.request(call({}))).toEqual({ path: '/chat/completions', headers })
    expect(provider.health?.request()).toMatchObject({ method: 'GET', path: '/models', headers })
  })
})

describe('operations', () => {
  test('are all but messages; chat, embeddings and images relay', () => {
    const { operations } = create()
    expect(Object.keys(operations).toSorted()).toEqual([
      'chat',
      'completions',
      'embeddings',
      'images',
      'videos',
    ])
    expect(operations.images?.request(call({})).path).toBe('/images/generations')
    for (const name of ['chat', 'embeddings', 'images'] as const)
      expect(operations[name]).not.toHaveProperty('response')
  })

  test('videos are asked for with the configured headers and pause', () => {
    const { videos } = create({ project: 'proj_1', video_poll_interval: 0.5 }).operations
    const headers = { 'openai-project': 'proj_1' }
    expect(videos?.request(call({ prompt: 'A cat' }, { model: 'sora-2' }))).toEqual({
      path: '/videos',
      headers,
      form: { model: 'sora-2', prompt: 'A cat' },
    })
    expect(videos?.follow?.({ id: 'video_1', status: 'queued' }, call({}))).toEqual({
      request: { method: 'GET', path: '/videos/video_1', headers },
      afterMs: 500,
    })
  })

  test('model fixes are for chat only, and can be switched off', () => {
    const body = { max_tokens: 5 }
    const model = 'gpt-5'
    expect(create().operations.chat?.request(call(body, { model }))).toHaveProperty(
      'patch.max_completion_tokens',
      5,
    )
    expect(create().operations.images?.request(call(body, { model }))).not.toHaveProperty('patch')
    expect(create({ model_fixes: false }).operations.chat?.request(call(body, { model }))).not.toHaveProperty(
      'patch',
    )
  })
})

describe('images', () => {
  const patchOf = (model: string, body: object, options: object = {}) =>
    create(options).operations.images?.request(call(body, { model })).patch

  test('of the models that always answer base64 go without response_format', () => {
    expect(patchOf('gpt-image-1', { response_format: 'b64_json' })).toStrictEqual({
      response_format: undefined,
    })
    expect(patchOf('dall-e-3', { response_format: 'url' })).toBeUndefined()
    expect(patchOf('gpt-image-1', { response_format: 'url' }, { model_fixes: false })).toBeUndefined()
  })

  test('are never streamed', () => {
    expect(patchOf('gpt-image-1', { stream: true }, { model_fixes: false })).toStrictEqual({
      stream: undefined,
    })
  })
})

describe('completions', () => {
  const { completions } = create().operations

  test.each(['gpt-3.5-turbo-instruct', 'davinci-002', 'babbage-002', 'ft:davinci-002:org::id'])(
    'of %s use the endpoint with the client’s own bytes',
    (model) => {
      expect(completions?.request(call({ prompt: [1, 2] }, { model }))).toEqual({ path: '/completions' })
    },
  )

  test('of a native model ask for usage in streams and give the answer back', () => {
    const native = call({ prompt: 'x', stream_options: { a: 1 } }, { model: 'davinci-002', stream: true })
    expect(completions?.request(native).patch).toEqual({ stream_options: { a: 1, include_usage: true } })
    const body = {
      id: 'cmpl-1',
      object: 'text_completion',
      created: 1,
      model: 'm',
      choices: [{ text: 'a', index: 0, logprobs: null, finish_reason: 'length' }],
    }
    expect(completions?.response?.(body, native)).toEqual(body)
    expect(completions?.stream?.(native).event({ data: JSON.stringify(body) })).toEqual([body])
    for (const broken of [null, {}, [], 'x', { error: { message: 'm' } }]) {
      expect(() => completions?.response?.(broken, native)).toThrow(/choices|m/)
    }
  })

  test('of any other model go over chat, with its fixes', () => {
    const bridged = call({ model: 'gpt-5', prompt: 'Hello', max_tokens: 5 }, { model: 'gpt-5', stream: true })
    expect(completions?.request(bridged)).toEqual({
      path: '/chat/completions',
      headers: {},
      body: {
        model: 'gpt-5',
        messages: [{ role: 'user', content: 'Hello' }],
        max_completion_tokens: 5,
        stream_options: { include_usage: true },
      },
    })
    const chat = { choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] }
    expect(completions?.response?.(chat, bridged)).toMatchObject({
      id: 'cmpl-abc',
      choices: [{ text: 'Hi' }],
    })
    const chunk = { choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }] }
    expect(completions?.stream?.(bridged).event({ data: JSON.stringify(chunk) })).toMatchObject([
      { object: 'text_completion', choices: [{ text: 'Hi' }] },
    ])
  })
})
