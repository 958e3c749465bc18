import { expect, test } from 'vitest'
import { limitDuration } from './limit-duration.ts'

test.each([
  [0, '0ms'],
  [0.2, '1ms'],
  [850, '850ms'],
  [1000, '1s'],
  [11_001, '12s'],
  [60_000, '1m0s'],
  [90_000, '1m30s'],
  [3_605_000, '1h0m5s'],
])('%d ms is written %s', (milliseconds, text) => {
  expect(limitDuration(milliseconds)).toBe(text)
})
