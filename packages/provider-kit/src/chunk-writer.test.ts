import { expect, test } from 'vitest'
import { chunkSequenceProblems, collectChunks } from '../testing/chunk-sequence.ts'
import { ChunkWriter } from './chunk-writer.ts'
import type { Call } from './contract.ts'

const call: Call = {
  id: 'abc',
  created: 7,
  model: 'upstream-model',
  stream: true,
  headers: {},
  body: {},
  dropped: () => undefined,
}

test('a whole stream is what clients expect', () => {
  const writer = new ChunkWriter(call)
  const chunks = [
    ...writer.begin(),
    ...writer.begin(),
    ...writer.reasoning('hm'),
    ...writer.content('Hi'),
    ...writer.content(''),
    writer.toolCall({ index: 0, name: 'a' }),
    ...writer.toolArguments(0, '{"x":'),
    ...writer.toolArguments(0, ''),
    ...writer.toolArguments(0, '1}'),
    writer.toolCall({ index: 1, id: 'own', name: 'b', arguments: '{}' }),
    writer.finish('tool_calls'),
    ...writer.usage({ prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }),
  ]
  expect(chunkSequenceProblems(chunks)).toEqual([])
  expect(collectChunks(chunks).get(0)).toEqual({
    roles: 1,
    content: 'Hi',
    refusal: '',
    reasoning: 'hm',
    toolCalls: [
      { id: 'call_abc_0_0', name: 'a', arguments: '{"x":1}' },
      { id: 'own', name: 'b', arguments: '{}' },
    ],
    finishReasons: ['tool_calls'],
  })
  expect(chunks[0]).toEqual({
    id: 'chatcmpl-abc',
    object: 'chat.completion.chunk',
    created: 7,
    model: 'upstream-model',
    choices: [{ index: 0, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }],
  })
})

test('the identity of the vendor stands in every chunk', () => {
  const writer = new ChunkWriter(call)
  writer.id = 'theirs'
  writer.model = 'm-1'
  const chunks = [...writer.content('a'), writer.finish('stop')]
  expect(chunks.map(({ id, model }) => [id, model])).toEqual([
    ['theirs', 'm-1'],
    ['theirs', 'm-1'],
  ])
})

test('a choice that ends at once has a role all the same, and its extras', () => {
  const writer = new ChunkWriter(call)
  expect(writer.finish('content_filter', 0, { native: 'SAFETY' }).choices).toEqual([
    {
      index: 0,
      delta: { role: 'assistant', content: '' },
      logprobs: null,
      finish_reason: 'content_filter',
      native: 'SAFETY',
    },
  ])
})

test('choices have a role and made-up ids of their own', () => {
  const writer = new ChunkWriter(call)
  const chunks = [0, 1].flatMap((choice) => [
    ...writer.content('a', choice),
    writer.toolCall({ index: 0, id: '', name: 'f', arguments: '{}' }, choice),
    writer.finish('tool_calls', choice),
  ])
  expect(chunkSequenceProblems(chunks)).toEqual([])
  const ids = [...collectChunks(chunks).values()].map(({ toolCalls }) => toolCalls[0]?.id)
  expect(ids).toEqual(['call_abc_0_0', 'call_abc_1_0'])
})

test('unknown usage is no chunk', () => {
  const writer = new ChunkWriter(call)
  expect([...writer.usage(null), ...writer.usage(undefined)]).toEqual([])
})
