import { expect, test } from 'vitest'
import { faultOf, sampleCall } from '../test/subject.ts'
import { embeddings } from './embeddings.ts'

const operation = embeddings({ input_type: 'search_document' })
const call = sampleCall({ model: 'cohere.embed-english-v3', input: ['a', 'b'] })

test.each([
  ['one too few', [[1]]],
  ['one too many', [[1], [2], [3]]],
  ['a text among the numbers', [[1], ['2']]],
  ['no number', [[1], [null]]],
])('embeddings with %s are a bad response: they would belong to other texts', (_, float) => {
  const read = () => operation.response?.({ embeddings: { float } }, call as never)
  expect(faultOf(read).kind).toBe('bad_response')
})

test('embeddings are in the order of their texts', () => {
  const answer = operation.response?.({ embeddings: { float: [[1], [2]] } }, call as never)
  expect(answer?.data.map(({ embedding }) => embedding)).toEqual([[1], [2]])
})
