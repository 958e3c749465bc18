import type { AuthorizeIo, Call, PreparedRequest, Provider } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'

function create(options: object = {}): Provider {
  const result = plugin.options['~standard'].validate({ base_url: 'http://127.0.0.1:9/v1', ...options })
  if (result instanceof Promise || result.issues) throw new TypeError(JSON.stringify(result))
  return plugin.create(result.value)
}

const authorized = (provider: Provider) => provider.authorize({} as PreparedRequest, {} as AuthorizeIo)

const call = { body: { model: 'm', max_completion_tokens: 5 }, model: 'm' } as unknown as Call<never>

describe('options', () => {
  test('only the base URL is required', async () => {
    const provider = create()
    expect(provider.baseUrl).toBe('http://127.0.0.1:9/v1')
    expect(Object.keys(provider.operations)).toEqual(['chat', 'embeddings'])
    expect(provider.health?.request().path).toBe('/models')
    expect(await authorized(provider)).toEqual({})
  })

  test('a key goes where it is asked for', async () => {
    expect(await authorized(create({ api_key: 'k' }))).toEqual({ authorization: 'Bearer k' })
    expect(await authorized(create({ api_key: 'k', api_key_header: 'X-Token' }))).toEqual({ 'x-token': 'k' })
  })

  test('the operations are those of the server', () => {
    const { operations } = create({ operations: ['completions', 'images'] })
    expect(Object.keys(operations)).toEqual(['completions', 'images'])
    expect(operations.completions?.request(call)).toEqual({ path: '/completions' })
  })

  test('a health path starts at the root of the server', () => {
    const provider = create({ health_path: '/health' })
    expect(provider.baseUrl + (provider.health?.request().path ?? '')).toBe('http://127.0.0.1:9/health')
    expect(provider.baseUrl + (provider.models?.request().path ?? '')).toBe('http://127.0.0.1:9/v1/models')
    expect(provider.baseUrl + (provider.operations.chat?.request(call).path ?? '')).toBe(
      'http://127.0.0.1:9/v1/chat/completions',
    )
    expect(
      create({ base_url: 'http://127.0.0.1:9', health_path: '/health' }).operations.chat?.request(call).path,
    ).toBe('/chat/completions')
  })

  test('names are rewritten for chat only', () => {
    const { operations } = create({ max_tokens_field: 'max_tokens' })
    expect(operations.chat?.request(call).patch).toEqual({ max_completion_tokens: undefined, max_tokens: 5 })
    expect(operations.embeddings?.request(call)).not.toHaveProperty('patch')
  })

  test.each<[object, string]>([
    [{ base_url: undefined }, 'base_url'],
    [{ base_url: 'localhost:9' }, 'base_url'],
    [{ operations: [] }, 'operations'],
    [{ operations: ['chats'] }, 'operations'],
    [{ health_path: 'health' }, 'health_path'],
    [{ max_tokens_field: 'tokens' }, 'max_tokens_field'],
    [{ developer_role: 'user' }, 'developer_role'],
    [{ api_key_header: 'two words' }, 'api_key_header'],
    [{ api: 'messages' }, 'api'],
    [{ api_keys: 'k' }, 'api_keys'],
  ])('%j is refused at %s', (options, path) => {
    expect(() => create(options)).toThrow(path)
  })
})
