import { joinUrl } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import plugin from './index.ts'
import { sampleCall, sampleProvider } from '../test/subject.ts'

test.each([
  [undefined, 'https://api.x.ai/v1'],
  ['https://us.api.x.ai', 'https://us.api.x.ai/v1'],
  ['https://us.api.x.ai/v1/', 'https://us.api.x.ai/v1'],
  ['http://127.0.0.1:9/grok', 'http://127.0.0.1:9/grok'],
])('the base URL %s is taken with and without its version', (base_url, expected) => {
  expect(sampleProvider({ base_url }).baseUrl).toBe(expected)
})

test('the specification’s prompt goes where it says, byte for byte', () => {
  for (const base_url of ['https://api.x.ai', 'https://api.x.ai/v1']) {
    const provider = sampleProvider({ api: 'complete', base_url })
    const body = { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 100 }
    const sent = provider.operations.chat!.request(sampleCall(body, { model: 'grok-beta' }))
    expect(joinUrl(provider.baseUrl, sent.path)).toBe('https://api.x.ai/v1/complete')
    expect(JSON.stringify(sent.body)).toBe(
      String.raw`{"model":"grok-beta","prompt":"User: Hello\nAssistant: ","max_tokens":100}`,
    )
    expect(provider.health?.request().path).toBe('/models')
  }
})

test.each<[object, string[]]>([
  [{}, ['chat', 'images', 'videos']],
  [{ completions: 'native', embeddings: true }, ['chat', 'images', 'videos', 'completions', 'embeddings']],
  [{ api: 'complete', completions: 'native', embeddings: true }, ['chat']],
])('the operations with %o are %j', (options, expected) => {
  expect(Object.keys(sampleProvider(options).operations)).toEqual(expected)
})

test('both names of the vendor mean this plugin', () => {
  expect([plugin.type, plugin.aliases]).toEqual(['grok', ['xai']])
})
