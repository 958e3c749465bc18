import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'
import { options } from './options.ts'

const provider = (given: object = {}) => plugin.create(options.parse({ api_key: 'test-key', ...given }))
const call: Call<ChatRequest> = {
  id: 'abc',
  created: 7,
  model: 'm',
  stream: true,
  headers: {},
  body: { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  dropped: () => undefined,
}

describe('the provider', () => {
  test.each([
    [{}, 'https://api.mistral.ai/v1'],
    [{ base_url: 'https://api.mistral.ai' }, 'https://api.mistral.ai/v1'],
    [{ base_url: 'https://api.mistral.ai/v1/' }, 'https://api.mistral.ai/v1'],
    [{ base_url: 'http://127.0.0.1:9/mistral' }, 'http://127.0.0.1:9/mistral'],
  ])('with %j asks %s', (given, url) => {
    expect(provider(given).baseUrl).toBe(url)
  })

  const delta = (content: unknown) => {
    const chunk = { choices: [{ index: 0, delta: { content }, finish_reason: null }] }
    return provider().operations.chat!.stream!(call).event({ data: JSON.stringify(chunk) })[0]?.choices[0]
      ?.delta
  }

  test.each<[unknown, object]>([
    [[{ type: 'thinking', thinking: 'Hm.' }], { reasoning_content: 'Hm.' }],
    [
      [{ type: 'thinking', thinking: [{ type: 'text', text: 'H' }, { text: 'm.' }] }],
      { reasoning_content: 'Hm.' },
    ],
    [
      [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
      { content: 'ab' },
    ],
    [
      [
        { type: 'thinking', thinking: 'Hm.' },
        { type: 'text', text: 'a' },
      ],
      { content: 'a', reasoning_content: 'Hm.' },
    ],
    [
      [{ type: 'reference', reference_ids: [1] }],
      { content_parts: [{ type: 'reference', reference_ids: [1] }] },
    ],
    [[null, 'x', { type: 'thinking', thinking: null }], {}],
    ['a', { content: 'a' }],
  ])('reads the content %j of a delta', (content, expected) => {
    expect(delta(content)).toEqual({ role: 'assistant', ...expected })
  })
})

test('an error that is the body of a 200 is one for embeddings too', () => {
  const { embeddings } = provider().operations
  const asked = { ...call, body: { model: 'm', input: 'a' } } as never
  const error = { object: 'error', message: 'Requests rate limit exceeded', type: 'rate_limited' }
  expect(() => embeddings?.response?.(error, asked)).toThrow('Requests rate limit exceeded')
  const entry = { object: 'embedding', embedding: [1], index: 'first' }
  expect(embeddings?.response?.({ data: [entry] }, asked).data).toEqual([{ ...entry, index: 0 }])
})
