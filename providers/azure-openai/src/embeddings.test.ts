import type { Call, EmbeddingsRequest, EmbeddingsResponse } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { inBatches } from './embeddings.ts'

const { split, join } = inBatches(2)

function call(input: EmbeddingsRequest['input']): Call<EmbeddingsRequest> {
  const body = { model: 'm', input }
  return { id: 'abc', created: 7, model: 'm', stream: false, headers: {}, body, dropped: () => undefined }
}

function answer(indices: readonly unknown[], usage?: unknown): EmbeddingsResponse {
  const data = indices.map((index) => ({ object: 'embedding', index, embedding: [index] }))
  return {
    object: 'list',
    model: 'm',
    data,
    ...(usage !== undefined && { usage }),
  } as unknown as EmbeddingsResponse
}

test('more inputs than fit are cut in order; tokens of one text are one input', () => {
  expect(split(call(['a', 'b', 'c']))?.map(({ input }) => input)).toEqual([['a', 'b'], ['c']])
  expect(split(call([1, 2, 3]))).toBeUndefined()
  expect(split(call(['a', 'b']))).toBeUndefined()
})

test('vectors stand at the places of their inputs, in whatever order the vendor gives them', () => {
  const joined = join([answer([1, 0]), answer([0])], call(['a', 'b', 'c']))
  expect(joined.data.map(({ index, embedding }) => [index, embedding])).toEqual([
    [0, [0]],
    [1, [1]],
    [2, [0]],
  ])
})

test.each<[string, EmbeddingsResponse]>([
  ['too few', answer([0])],
  ['too many', answer([0, 1, 2])],
  ['the same place twice', answer([0, 0])],
  ['nothing that is a vector', { ...answer([]), data: [null, 5] as never }],
])('%s vectors in a part are a bad answer: those behind would belong to other texts', (_, part) => {
  expect(() => join([part, answer([0])], call(['a', 'b', 'c']))).toThrow('2 embeddings')
})

test('usage is added up, and unknown when a part has none', () => {
  const three = { prompt_tokens: 3, total_tokens: 3 }
  const parts = (usage: unknown) => join([answer([0, 1], three), answer([0], usage)], call(['a', 'b', 'c']))
  expect(parts(three).usage).toEqual({ prompt_tokens: 6, total_tokens: 6 })
  expect(parts(undefined).usage).toBeUndefined()
  expect(parts({ prompt_tokens: '3' }).usage).toBeUndefined()
})
