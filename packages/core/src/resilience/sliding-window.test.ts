import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlidingWindow } from './sliding-window.ts'

test('counts what is in the window: all of nine tenths of it, nothing of before', () => {
  const event = fc.record({ after: fc.integer({ min: 0, max: 400 }), failed: fc.boolean() })
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const window = new SlidingWindow(1_000)
      const seen: { at: number; failed: boolean }[] = []
      let now = 123_456
      for (const { after, failed } of events) {
        now += after
        window.add(failed, now)
        seen.push({ at: now, failed })
        const later = now + after
        const within = (ms: number) => seen.filter(({ at }) => later - at < ms)
        const [atMost, atLeast] = [within(1_000), within(901)]
        expect(window.attempts(later)).toBeLessThanOrEqual(atMost.length)
        expect(window.attempts(later)).toBeGreaterThanOrEqual(atLeast.length)
        const failures = (of: typeof seen) => of.filter(({ failed: bad }) => bad).length
        expect(window.failures(later)).toBeLessThanOrEqual(failures(atMost))
        expect(window.failures(later)).toBeGreaterThanOrEqual(failures(atLeast))
        now = later
      }
    }),
  )
})

test('is empty after a silence of its length, and when it is cleared', () => {
  const window = new SlidingWindow(50)
  window.add(true, 7)
  expect([window.attempts(7), window.failures(49)]).toEqual([1, 1])
  expect([window.attempts(57), window.failures(57)]).toEqual([0, 0])
  window.add(true, 60)
  window.clear()
  expect([window.attempts(60), window.failures(60)]).toEqual([0, 0])
})
