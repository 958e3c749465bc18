import { type Call, type ChatRequest, ProviderFault } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { contentDecoder } from './stream.ts'

const call: Call<ChatRequest> = {
  id: 'abc',
  created: 7,
  model: 'gemini-2.5-flash',
  stream: true,
  headers: {},
  body: { model: 'gemini-2.5-flash', messages: [] },
  dropped: () => undefined,
}
const event = (text: string, more: object = {}) => ({
  data: JSON.stringify({ candidates: [{ content: { parts: [{ text }] }, ...more }] }),
})

test('a candidate that goes on after its finish is an error, not a text that gets lost', () => {
  const decoder = contentDecoder(call)
  decoder.event(event('Hello', { finishReason: 'STOP' }))
  expect(decoder.event(event(''))).toEqual([])
  expect(() => decoder.event(event(' again'))).toThrow(ProviderFault)
})

test('a stream of nothing but usage has no answer', () => {
  const decoder = contentDecoder(call)
  expect(decoder.event({ data: '{"usageMetadata":{"promptTokenCount":3}}' })).toEqual([])
  expect(() => decoder.end?.()).toThrow('closed before it had ended')
})

test.each([[{}], [{ usageMetadata: {} }], [{ usageMetadata: { trafficType: 'ON_DEMAND' } }]])(
  'usage that nobody tells is none: %j',
  (told) => {
    const decoder = contentDecoder(call)
    decoder.event(event('Hello', { finishReason: 'STOP' }))
    decoder.event({ data: JSON.stringify({ candidates: [], ...told }) })
    expect(decoder.end?.()).toEqual([])
  },
)

test('an error that is no more than a text is an error', () => {
  const decoder = contentDecoder(call)
  expect(() => decoder.event({ data: '{"error":"Bad gateway"}' })).toThrow('Bad gateway')
  expect(decoder.event({ data: '{"error":null}' })).toEqual([])
})

test('a prompt that is blocked after the model began ends with the filter', () => {
  const decoder = contentDecoder(call)
  decoder.event(event('Hel'))
  const chunks = decoder.event({
    data: '{"promptFeedback":{"blockReason":"OTHER","blockReasonMessage":"No."}}',
  })
  expect(chunks.map(({ choices }) => [choices[0]?.delta, choices[0]?.finish_reason])).toEqual([
    [{ content: null, refusal: 'No.' }, null],
    [{}, 'content_filter'],
  ])
  expect(decoder.end?.()).toEqual([])
})
