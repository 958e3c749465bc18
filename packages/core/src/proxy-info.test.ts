import { expect, test } from 'vitest'
import { condensedInfo } from './proxy-info.ts'

test('a summary tells where it came from, what it could not tell of, and what it took', () => {
  const info = condensedInfo({
    kind: 'summary',
    from: 12_000.4,
    to: 899.5,
    source: 'made',
    leftOut: { image: 2 },
    spent: { calls: 3, inputTokens: 11_000, outputTokens: 500, durationMs: 900 },
  })
  expect(info).toEqual({
    kind: 'summary',
    from: 12_000,
    to: 900,
    source: 'made',
    left_out: { image: 2 },
    summary_calls: 3,
    summary_tokens: { input: 11_000, output: 500 },
  })
})

test('what does not apply is not there', () => {
  expect(condensedInfo({ kind: 'truncated', from: 10, to: 5, reason: 'budget', leftOut: {} })).toEqual({
    kind: 'truncated',
    from: 10,
    to: 5,
    reason: 'budget',
  })
})
