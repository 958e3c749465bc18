import { joinUrl } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { sampleCall, sampleProvider } from '../test/subject.ts'

test.each([
  [undefined, 'https://api.perplexity.ai'],
  ['https://api.perplexity.ai/', 'https://api.perplexity.ai'],
  ['https://api.perplexity.ai/v1', 'https://api.perplexity.ai'],
  ['http://127.0.0.1:9/sonar/v1/', 'http://127.0.0.1:9/sonar'],
])('the base URL %s is taken with and without its version', (base_url, expected) => {
  expect(sampleProvider({ base_url }).baseUrl).toBe(expected)
})

test('the specification’s question goes where it says', () => {
  const provider = sampleProvider({ api: 'ask' })
  const call = sampleCall({ messages: [{ role: 'user', content: 'Hello' }] })
  const { path, body } = provider.operations.chat!.request(call)
  expect(joinUrl(provider.baseUrl, path)).toBe('https://api.perplexity.ai/v1/ask')
  expect(body).toEqual({ model: 'sonar', query: 'Hello' })
})

describe('operations', () => {
  test.each<[object, string[]]>([
    [{}, ['chat']],
    [{ embeddings: true }, ['chat', 'embeddings']],
    [{ api: 'ask', embeddings: true }, ['chat']],
  ])('with %o are %j', (options, expected) => {
    expect(Object.keys(sampleProvider(options).operations)).toEqual(expected)
  })

  test('tools are offered where the account may use them', () => {
    expect(sampleProvider().supports).toEqual({ tools: false })
    expect(sampleProvider({ tools: true }).supports).toEqual({ tools: true })
  })
})

test('the health check asks at the configured path', () => {
  const path = (options: object) => sampleProvider(options).health?.request().path
  expect(path({})).toBe('/async/chat/completions?limit=1')
  expect(path({ api: 'ask' })).toBe('/v1/models')
  expect(path({ health_path: '/search' })).toBe('/search')
})
