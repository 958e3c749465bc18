import { describe, expect, test } from 'vitest'
import { provider } from '../test/subject.ts'

describe('the provider', () => {
  test.each([
    [{}, 'https://api.cohere.com'],
    [{ base_url: 'https://api.cohere.com/v2/' }, 'https://api.cohere.com'],
    [{ base_url: 'https://api.cohere.ai/v1' }, 'https://api.cohere.ai'],
    [{ base_url: 'http://127.0.0.1:9/cohere' }, 'http://127.0.0.1:9/cohere'],
  ])('with %j asks %s', (options, url) => {
    expect(provider(options).baseUrl).toBe(url)
  })

  test('offers chat and embeddings, and in the old format chat only', () => {
    expect(Object.keys(provider().operations)).toEqual(['chat', 'embeddings'])
    const old = provider({ api: 'generate' })
    expect(Object.keys(old.operations)).toEqual(['chat'])
    expect(old.operations.chat).not.toHaveProperty('stream')
    expect(old.supports).toEqual({ tools: false, images: false, json_schema: false })
  })

  test('lists the models of the wire format; health is free in both', () => {
    const body = {
      models: [
        { name: 'a', endpoints: ['chat', 'generate'] },
        { name: 'b', endpoints: ['embed'] },
        { name: 'c', endpoints: ['rerank'] },
        { name: 'd' },
        { endpoints: ['chat'] },
      ],
    }
    expect(provider().models?.response(body)).toEqual(['a', 'b', 'd'])
    const old = provider({ api: 'generate', client_name: 'me' })
    expect(old.models?.response(body)).toEqual(['a', 'd'])
    expect(() => old.models?.response({ data: [] })).toThrow('models')
    expect(old.health?.request()).toEqual({
      method: 'GET',
      path: '/v1/models?page_size=1',
      headers: { 'x-client-name': 'me' },
    })
  })
})
