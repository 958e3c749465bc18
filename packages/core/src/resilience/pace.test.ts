import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Pace } from './pace.ts'

test('without a limit everything passes', () => {
  const pace = new Pace(null, new ManualClock())
  for (let count = 0; count < 1_000; count += 1) expect(pace.take()).toBe(true)
  expect(pace.retryAfterMs()).toBe(0)
})

test('a full minute turns away, says when to come back, and the refused cost nothing', () => {
  const clock = new ManualClock()
  const pace = new Pace(2, clock)
  pace.take()
  clock.advance(10_000)
  pace.take()
  expect(pace.take()).toBe(false)
  expect(pace.retryAfterMs()).toBe(50_000)
  clock.advance(49_999)
  expect(pace.take()).toBe(false)
  clock.advance(1)
  expect(pace.take()).toBe(true)
  expect(pace.retryAfterMs()).toBe(10_000)
})

test('no 60 seconds ever hold more than the limit, and retryAfterMs is exact', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 60 }),
      (limit, gaps) => {
        const clock = new ManualClock()
        const pace = new Pace(limit, clock)
        const taken: number[] = []
        for (const gap of gaps) {
          clock.advance(gap)
          const free = taken.filter((time) => clock.now() - time < 60_000).length < limit
          expect(pace.retryAfterMs() === 0).toBe(free)
          expect(pace.take()).toBe(free)
          if (free) taken.push(clock.now())
        }
      },
    ),
  )
})

test('several exchanges of one request are counted each, all or none, and never more than a minute holds', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), fc.integer({ min: 1, max: 7 })), {
        maxLength: 60,
      }),
      (limit, steps) => {
        const clock = new ManualClock()
        const pace = new Pace(limit, clock)
        const taken: number[] = []
        for (const [gap, wanted] of steps) {
          clock.advance(gap)
          const count = Math.min(wanted, limit)
          const recent = taken.filter((time) => clock.now() - time < 60_000).length
          expect(pace.take(wanted)).toBe(recent + count <= limit)
          if (recent + count <= limit) for (let each = 0; each < count; each += 1) taken.push(clock.now())
        }
      },
    ),
  )
})
