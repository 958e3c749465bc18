import { collectChunks } from '@llmproxy/provider-kit/testing'
import { expect, test } from 'vitest'
import { faultOf, sampleCall } from '../test/subject.ts'
import { chunkDecoder } from './stream.ts'

const frame = (delta: object, more: object = {}): string =>
  JSON.stringify({ choices: [{ index: 0, delta: { role: 'assistant', ...delta }, ...more }] })

/** The chunks of these events, and of the close behind them. */
function decoded(events: readonly string[], split = true) {
  const decoder = chunkDecoder(sampleCall({ stream: true }, { stream: true }), split)
  return [...events.flatMap((data) => decoder.event({ data })), ...(decoder.end?.() ?? [])]
}

const done = '[DONE]'

test.each<[string, string[], string]>([
  ['what could have been a tag', [frame({ content: 'a' }), done], 'a'],
  ['what was held back', [frame({ content: '<th' }), done], '<th'],
  ['nothing twice', [frame({ content: '<th' }), frame({}, { finish_reason: 'stop' }), done, done], '<th'],
])('a stream that ends by its mark loses nothing: %s', (_, events, content) => {
  expect([...collectChunks(decoded(events)).values()]).toMatchObject([{ content, finishReasons: ['stop'] }])
})

test('thoughts that never end are thoughts', () => {
  const chunks = decoded([
    frame({ content: '<think>Hm' }),
    frame({ content: '</th' }, { finish_reason: 'length' }),
  ])
  expect(chunks.map(({ choices }) => choices[0]?.delta)).toMatchObject([
    { role: 'assistant', reasoning_content: 'Hm' },
    { reasoning_content: '</th' },
  ])
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('length')
})

test.each<[string, string[], string]>([
  ['nothing', [], 'bad_response'],
  ['half a tag', [frame({ content: '<thi' })], 'bad_response'],
  ['half an answer', [frame({ content: 'a' })], 'bad_response'],
  ['a word of failure', [frame({ content: 'a' }, { finish_reason: 'error' })], 'upstream'],
  ['an error', [JSON.stringify({ error: { message: 'm', code: 429 } })], 'rate_limit'],
  ['no JSON', ['nonsense'], 'bad_response'],
])('a stream of %s is none', (_, events, kind) => {
  expect(faultOf(() => decoded(events)).kind).toBe(kind)
})

test('a mark without an answer makes none up', () => {
  expect(decoded([done])).toEqual([])
})
