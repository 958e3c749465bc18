import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { CallBudget } from './budget.ts'

const takes = (budget: CallBudget, caller: string, limit: number | null, times: number) =>
  Array.from({ length: times }, () => budget.take(caller, limit)).filter(Boolean).length

test('a caller has its calls in each minute, which begins with the first of them', () => {
  const clock = new ManualClock()
  const budget = new CallBudget(clock)
  const calls: number[] = []
  for (let minute = 0; minute < 3; minute += 1) {
    calls.push(takes(budget, 'a', 3, 2))
    clock.advance(59_999)
    // Refused calls count for nothing, and make the minute no longer.
    calls.push(takes(budget, 'a', 3, 5))
    clock.advance(1)
  }
  expect(calls).toEqual([2, 1, 2, 1, 2, 1])
})

test('callers have calls of their own; a limit that a reload changed holds at once; without one nothing is counted', () => {
  const clock = new ManualClock()
  const budget = new CallBudget(clock)
  expect([takes(budget, 'a', 2, 5), takes(budget, 'b', 2, 5)]).toEqual([2, 2])
  expect(takes(budget, 'a', 3, 5)).toBe(1)
  expect(takes(budget, 'a', 1, 5)).toBe(0)
  expect(takes(budget, 'a', null, 5)).toBe(5)
  expect(takes(budget, 'c', null, 100)).toBe(100)
  expect([takes(budget, 'c', 2, 5), budget.size]).toEqual([2, 3])
})

test('ten thousand callers have theirs; there are never more than a bound, and none when their minutes are over', () => {
  const clock = new ManualClock()
  const budget = new CallBudget(clock)
  const names = Array.from({ length: 10_000 }, (_, index) => `caller ${index}`)
  const all = (times: number) => names.reduce((sum, name) => sum + takes(budget, name, 2, times), 0)
  expect([all(1), all(2), all(1), budget.size]).toEqual([10_000, 10_000, 0, 10_000])
  clock.advance(30_000)
  let most = 0
  for (let index = 0; index < 20_000; index += 1) {
    budget.take(`stranger ${index}`, 2)
    most = Math.max(most, budget.size)
  }
  expect(most).toBe(16_384)
  expect(takes(budget, 'stranger 19999', 2, 2)).toBe(1)
  clock.advance(60_000)
  expect(budget.size).toBe(0)
})
