import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from './backoff.ts'

test('the backoff doubles with each retry, up to the cap', () => {
  const ceilings = [1, 2, 3, 4, 5].map((retry) => backoffMs(retry, 1_000, 5_000, () => 1))
  expect(ceilings).toEqual([1_000, 2_000, 4_000, 5_000, 5_000])
})

test('full jitter: the backoff is anywhere between nothing and its ceiling', () => {
  const anyCase = fc.tuple(
    fc.integer({ min: -1, max: 2_000 }),
    fc.integer({ min: 0, max: 1e6 }),
    fc.integer({ min: 0, max: 1e6 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  fc.assert(
    fc.property(anyCase, ([retry, delay, cap, random]) => {
      const pause = backoffMs(retry, delay, cap, () => random)
      expect(pause).toBeGreaterThanOrEqual(0)
      expect(pause).toBeLessThanOrEqual(cap)
      expect(pause).toBe(random * backoffMs(retry, delay, cap, () => 1))
    }),
  )
})
