import { expect, test } from 'vitest'
import { normaliseUsage } from './usage.ts'

const counts = (input: number, output: number, cacheRead = 0, cacheWrite = 0, reasoning = 0): unknown => ({
  input,
  output,
  total: input + output,
  cacheRead,
  cacheWrite,
  reasoning,
})

test.each<[string, unknown, unknown]>([
  ['plain counts', { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }, counts(3, 4)],
  [
    'cached and reasoning tokens that are part of the counts',
    {
      prompt_tokens: 30,
      completion_tokens: 40,
      total_tokens: 70,
      prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 5 },
      completion_tokens_details: { reasoning_tokens: 10 },
    },
    counts(30, 40, 20, 5, 10),
  ],
  [
    'reasoning outside of the completion, proven by the total',
    {
      prompt_tokens: 291,
      completion_tokens: 26,
      total_tokens: 513,
      prompt_tokens_details: { cached_tokens: 290 },
      completion_tokens_details: { reasoning_tokens: 196 },
    },
    counts(291, 222, 290, 0, 196),
  ],
  [
    'the other names',
    { input_tokens: 5, output_tokens: 6, input_tokens_details: { cached_tokens: 2 } },
    counts(5, 6, 2),
  ],
  [
    'cache hits by another name',
    { prompt_tokens: 5, completion_tokens: 1, prompt_cache_hit_tokens: 4 },
    counts(5, 1, 4),
  ],
  ['embeddings', { prompt_tokens: 8, total_tokens: 8 }, counts(8, 0)],
  ['a total alone', { total_tokens: 8 }, counts(8, 0)],
  ['a missing completion', { prompt_tokens: 8, total_tokens: 10 }, counts(8, 2)],
  ['a missing prompt', { completion_tokens: 8, total_tokens: 10 }, counts(2, 8)],
  ['a total that fits nothing', { prompt_tokens: 8, completion_tokens: 2, total_tokens: 99 }, counts(8, 2)],
  [
    'wrong types',
    { prompt_tokens: '8', completion_tokens: -1, total_tokens: null, prompt_tokens_details: 7 },
    null,
  ],
  ['zeros, which are a placeholder', { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }, null],
  ['an empty object', {}, null],
  ['null', null, null],
  ['a string', 'many', null],
  ['an array', [1], null],
])('reads %s', (_, usage, expected) => {
  expect(normaliseUsage(usage)).toEqual(expected)
})
