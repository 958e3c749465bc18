import { expect, test } from 'vitest'
import { mendUsage } from './usage.ts'

const mended = (prompt: number, completion: number, total: number, { reasoning = 0, cached = 0 }) => {
  const usage = {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total,
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
  mendUsage(usage)
  return [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]
}

test.each<[string, ReturnType<typeof mended>, number[]]>([
  ['reasoning apart is added', mended(12, 1, 241, { reasoning: 228, cached: 2 }), [12, 229, 241]],
  ['reasoning that is in already is not', mended(12, 229, 241, { reasoning: 228 }), [12, 229, 241]],
  ['a total that proves nothing changes nothing', mended(12, 1, 13, { reasoning: 228 }), [12, 1, 13]],
  ['cached tokens apart are added', mended(12, 1, 13, { cached: 290 }), [302, 1, 13]],
  ['both apart, in the total too', mended(12, 1, 531, { reasoning: 228, cached: 290 }), [302, 229, 531]],
])('%s', (_, found, expected) => {
  expect(found).toEqual(expected)
})

test('odd counts change nothing', () => {
  for (const usage of [
    {},
    { prompt_tokens: 'a', prompt_tokens_details: null, completion_tokens_details: 7 },
  ]) {
    const before = structuredClone(usage)
    mendUsage(usage)
    expect(usage).toEqual(before)
  }
})
