import { type Call, type Provider, Secret } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'
import { options } from './options.ts'

function create(options: object = {}): Provider {
  const given = { api_key: new Secret('test-key'), base_url: 'https://resource.test', ...options }
  const result = plugin.options['~standard'].validate(given)
  if (result instanceof Promise || result.issues) throw new TypeError(JSON.stringify(result))
  return plugin.create(result.value)
}

function call(body: object, model = 'd'): Call<never> {
  const full = { id: 'abc', created: 7, model, stream: false, headers: {}, dropped: () => undefined }
  return { ...full, body: body as never }
}

const pathOf = (options: object) =>
  create(options).operations.chat?.request(call({ model: 'd', messages: [] })).path
const healthOf = (options: object) => create(options).health?.request().path

test('the plugin has the names of the specification', () => {
  expect([plugin.type, plugin.aliases]).toEqual(['azure_openai', ['azure']])
})

test.each([
  'https://r.openai.azure.com',
  'https://r.openai.azure.com/',
  'https://r.openai.azure.com/openai',
  'https://r.openai.azure.com/openai/v1/',
  'https://r.openai.azure.com/openai/deployments',
])('the base URL %s is the endpoint of the resource', (base_url) => {
  expect(create({ base_url }).baseUrl).toBe('https://r.openai.azure.com')
})

test('a base URL that names a deployment is refused, and says where the deployment belongs', () => {
  const base_url = 'https://r.openai.azure.com/openai/deployments/gpt-4o'
  const { error } = options.safeParse({ api_key: 'test-key', base_url })
  expect(error?.issues).toMatchObject([
    { path: ['base_url'], message: expect.stringContaining('must end before /openai/deployments') as string },
  ])
})

test('a gateway in front of the resource keeps its own path', () => {
  expect(create({ base_url: 'https://gateway.test/team/openai/v1' }).baseUrl).toBe(
    'https://gateway.test/team',
  )
})

test.each<[object, string]>([
  [{}, '/openai/v1/chat/completions'],
  [{ api_version: 'preview' }, '/openai/v1/chat/completions?api-version=preview'],
  [
    { api: 'v1', api_version: '2025-04-01-preview' },
    '/openai/v1/chat/completions?api-version=2025-04-01-preview',
  ],
  [{ api_version: '2024-10-21' }, '/openai/deployments/d/chat/completions?api-version=2024-10-21'],
  [
    { api: 'deployments', api_version: '2024-10-21', deployment_id: 'x/y' },
    '/openai/deployments/x%2Fy/chat/completions?api-version=2024-10-21',
  ],
])('%j asks at %s', (options, path) => {
  expect(pathOf(options)).toBe(path)
})

test.each<[object, string]>([
  [{}, '/openai/v1/models'],
  [{ api_version: '2024-10-21' }, '/openai/models?api-version=2024-10-21'],
  [
    { api_version: '2022-12-01', health_path: '/openai/deployments' },
    '/openai/deployments?api-version=2022-12-01',
  ],
  [
    { health_path: '/openai/deployments?api-version=2022-12-01' },
    '/openai/deployments?api-version=2022-12-01',
  ],
])('%j has its health check at %s', (options, path) => {
  expect(healthOf(options)).toBe(path)
})

describe('what is offered', () => {
  const names = (options: object) => Object.keys(create(options).operations).toSorted()

  test('videos only in v1, completions only where the deployments have them', () => {
    expect(names({})).toEqual(['chat', 'embeddings', 'images', 'videos'])
    expect(names({ api_version: '2024-10-21', completions: 'native' })).toEqual([
      'chat',
      'completions',
      'embeddings',
      'images',
    ])
  })

  test('follows the version', () => {
    expect(create({}).supports).toEqual({ tools: true, json_schema: true, stream_usage: true })
    expect(create({ api_version: '2023-12-01-preview' }).supports).toEqual({
      tools: true,
      json_schema: false,
      stream_usage: false,
    })
    expect(create({ api_version: '2023-05-15' }).supports).toMatchObject({ tools: false })
  })
})

describe('embeddings', () => {
  const { embeddings } = create({ max_inputs: 2 }).operations

  test.each<[unknown, number | undefined]>([
    ['a', undefined],
    [['a', 'b'], undefined],
    [[1, 2, 3], undefined],
    [['a', 'b', 'c'], 2],
    [[[1], [2], [3], [4], [5]], 3],
  ])('of %j are asked for in %s parts', (input, parts) => {
    expect(embeddings?.split?.(call({ model: 'd', input }))?.length).toBe(parts)
  })
})
