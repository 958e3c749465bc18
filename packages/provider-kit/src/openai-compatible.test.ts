import { describe, expect, test } from 'vitest'
import type { AuthorizeIo, Call, PreparedRequest } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { modelIds, openaiCompatible } from './openai-compatible.ts'

const baseUrl = 'https://host.test/v1'

const call: Call<never> = {
  id: 'abc',
  created: 7,
  model: 'm',
  stream: false,
  body: { model: 'm', messages: [] } as never,
  headers: {},
  dropped: () => undefined,
}

describe('openaiCompatible()', () => {
  test('relays chat and embeddings unless told otherwise', () => {
    const { operations, baseUrl: url } = openaiCompatible({ baseUrl })
    expect(url).toBe(baseUrl)
    expect(Object.keys(operations)).toEqual(['chat', 'embeddings'])
    expect(operations.chat?.request(call)).toEqual({ path: '/chat/completions' })
    expect(operations.embeddings?.request(call)).toEqual({ path: '/embeddings' })
    for (const operation of Object.values(operations)) expect(Object.keys(operation)).toEqual(['request'])
  })

  test('has every other operation at its usual path, or where the vendor has it', () => {
    const { operations } = openaiCompatible({
      baseUrl,
      operations: ['completions', 'images', 'videos'],
      paths: { videos: '/video' },
    })
    expect(operations.completions?.request(call).path).toBe('/completions')
    expect(operations.images?.request(call).path).toBe('/images/generations')
    expect(operations.videos?.request(call).path).toBe('/video')
    expect(operations.chat).toBeUndefined()
  })

  test('checks its health with the list of models, which is free', () => {
    const provider = openaiCompatible({ baseUrl, headers: { a: 'b' } })
    expect(provider.health?.request()).toEqual({ method: 'GET', path: '/models', headers: { a: 'b' } })
    expect(provider.models?.request()).toEqual({ method: 'GET', path: '/models', headers: { a: 'b' } })
    expect(openaiCompatible({ baseUrl, models: '/list' }).health?.request().path).toBe('/list')
    expect(openaiCompatible({ baseUrl, health: '/up' }).health?.request().path).toBe('/up')
    const none = openaiCompatible({ baseUrl, models: false })
    expect(none).not.toHaveProperty('health')
    expect(none).not.toHaveProperty('models')
  })

  test('puts a prefix in front of everything but a health path of its own', () => {
    const provider = openaiCompatible({ baseUrl: 'https://host.test', prefix: '/v1', health: '/health' })
    expect(provider.operations.chat?.request(call).path).toBe('/v1/chat/completions')
    expect(provider.models?.request().path).toBe('/v1/models')
    expect(provider.health?.request().path).toBe('/health')
  })

  test('passes the patch and the headers of the vendor on', () => {
    const { operations } = openaiCompatible({
      baseUrl,
      headers: { a: 'b' },
      patch: ({ model }, operation) => (operation === 'chat' ? { tagged: model } : undefined),
    })
    expect(operations.chat?.request(call)).toEqual({
      path: '/chat/completions',
      headers: { a: 'b' },
      patch: { tagged: 'm' },
    })
    expect(operations.embeddings?.request(call)).toEqual({ path: '/embeddings', headers: { a: 'b' } })
  })

  test('sends no credentials unless told to, and takes the rest as it is', async () => {
    const plain = openaiCompatible({ baseUrl })
    expect(await plain.authorize({} as PreparedRequest, {} as AuthorizeIo)).toEqual({})
    expect(Object.keys(plain)).toEqual(['baseUrl', 'operations', 'authorize', 'health', 'models'])
    const fault = () => undefined
    const supports = { tools: false }
    expect(openaiCompatible({ baseUrl, fault, supports, clientHeaders: ['x'] })).toMatchObject({
      fault,
      supports,
      clientHeaders: ['x'],
    })
  })
})

describe('modelIds()', () => {
  test('reads the ids of a list and skips what has none', () => {
    expect(
      modelIds({
        object: 'list',
        data: [{ id: 'a' }, { id: 'b', extra: 1 }, null, {}, { id: 7 }, { id: '' }],
      }),
    ).toEqual(['a', 'b'])
  })

  test.each([undefined, null, 'x', {}, [], { data: {} }])('refuses %j', (body) => {
    expect(() => modelIds(body)).toThrow(ProviderFault)
  })
})
