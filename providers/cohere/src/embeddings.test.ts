import type { Call, EmbeddingsRequest } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { faultOf, provider, sampleCall } from '../test/subject.ts'

const { embeddings } = provider().operations
const call = (given: object) =>
  sampleCall({ messages: undefined, ...given }) as unknown as Call<EmbeddingsRequest>
const texts = (count: number) => Array.from({ length: count }, (_, index) => `${index}`)

describe('embeddings', () => {
  test.each([
    ['x', undefined],
    [texts(1), undefined],
    [texts(96), undefined],
    [texts(97), [96, 1]],
    [texts(192), [96, 96]],
    [texts(193), [96, 96, 1]],
  ])('are asked for in parts of 96 texts', (input, expected) => {
    const parts = embeddings?.split?.(call({ input, input_type: 'clustering' }))
    expect(parts?.map((part) => part.input.length)).toEqual(expected)
    expect(parts === undefined ? input : parts.flatMap((part) => part.input as string[])).toEqual(input)
    expect(new Set(parts?.map((part) => part['input_type']))).toEqual(new Set(parts && ['clustering']))
  })

  test('have no usage when that of a part is unknown', () => {
    const part = { object: 'list' as const, data: [], model: 'm' }
    const usage = { prompt_tokens: 2, total_tokens: 2 }
    expect(embeddings?.join?.([{ ...part, usage }, part], call({}))).toEqual(part)
    expect(
      embeddings?.join?.(
        [
          { ...part, usage },
          { ...part, usage },
        ],
        call({}),
      ).usage,
    ).toEqual({
      prompt_tokens: 4,
      total_tokens: 4,
    })
  })

  test('of a part that has one too many are no answer: those behind it would be moved', () => {
    const asked = call({ input: ['a', 'b'] })
    const parts = [2, 1].map((count) => ({
      object: 'list' as const,
      model: 'm',
      data: Array.from({ length: count }, (_, index) => ({
        object: 'embedding' as const,
        index,
        embedding: [1],
      })),
    }))
    expect(faultOf(() => embeddings?.join?.(parts, asked)).kind).toBe('bad_response')
    expect(embeddings?.join?.(parts.slice(0, 1), asked).data).toHaveLength(2)
  })

  test.each(['input_type', 'truncate'])('with a %s that is no text are refused', (param) => {
    const fault = faultOf(() => embeddings?.request(call({ input: 'a', [param]: 5 })))
    expect(fault).toMatchObject({ kind: 'invalid_request', param })
  })

  test.each([[[]], [[1, 2]], [[[1]]], [['a', null]], [{}], [null], [7]])('of %j are refused', (input) => {
    const fault = faultOf(() => embeddings?.request(call({ input })))
    expect(fault.kind).toBe('invalid_request')
    expect(fault.param).toMatch(/^input/)
  })

  test('may be a list alone, as older versions answer', () => {
    const asked = call({ input: 'a' })
    expect(embeddings?.response?.({ embeddings: [[1, 2]] }, asked).data).toEqual([
      { object: 'embedding', index: 0, embedding: [1, 2] },
    ])
    for (const broken of [
      null,
      {},
      { embeddings: {} },
      { embeddings: [['x']] },
      { embeddings: { float: [] } },
    ])
      expect(faultOf(() => embeddings?.response?.(broken, asked)).kind).toBe('bad_response')
  })
})
