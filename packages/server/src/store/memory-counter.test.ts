import { systemClock } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { MemoryCounter } from './memory-counter.ts'

const limit = { setting: 'rate_limit_rpm', points: 3, windowMs: 60_000 }

function counterAt(start: number) {
  const time = { now: start }
  return { time, counter: new MemoryCounter({ ...systemClock, now: () => time.now }) }
}

test('a window begins with its first request, ends to the millisecond, and is told as long as it lasts', () => {
  const { time, counter } = counterAt(500)
  const remaining: number[] = []
  for (const now of [500, 20_500, 60_499]) {
    time.now = now
    const { resetMs, ...standing } = counter.hit('a', [limit])
    expect(resetMs).toBe(60_500 - now)
    remaining.push(standing.remaining)
  }
  expect(remaining).toEqual([2, 1, 0])
  expect(counter.hit('a', [limit])).toEqual({
    limit: 3,
    remaining: 0,
    resetMs: 1,
    setting: 'rate_limit_rpm',
    refused: true,
  })
  time.now = 60_500
  expect(counter.hit('a', [limit])).toMatchObject({ refused: false, remaining: 2, resetMs: 60_000 })
})

test('what another counter knows is where it goes on', () => {
  const { time, counter } = counterAt(0)
  counter.note('a', limit, { count: 2, resetMs: 10_000 })
  expect(counter.hit('a', [limit])).toMatchObject({ refused: false, remaining: 0, resetMs: 10_000 })
  expect(counter.hit('a', [limit])).toMatchObject({ refused: true, resetMs: 10_000 })
  time.now = 10_000
  expect(counter.hit('a', [limit])).toMatchObject({ refused: false, remaining: 2 })
})

test('callers that are gone are forgotten when their windows are over, and no others', () => {
  const { time, counter } = counterAt(0)
  for (let n = 0; n < 1_023; n += 1) counter.hit(`gone-${n}`, [limit])
  time.now = 50_000
  counter.hit('here', [limit])
  time.now = 70_000
  for (let n = 0; n < 5; n += 1) counter.hit(`new-${n}`, [limit])
  expect(counter.size).toBe(6)
  expect(counter.hit('here', [limit])).toMatchObject({ remaining: 1, resetMs: 40_000 })
})
