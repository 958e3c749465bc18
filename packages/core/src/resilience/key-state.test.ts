import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { KeyState, retirementMs, trialMs } from './key-state.ts'

/** A key that was refused, when its time is over. */
function due() {
  const clock = new ManualClock()
  const key = new KeyState(clock)
  key.refused(key.lease(), retirementMs)
  clock.advance(retirementMs)
  return { clock, key }
}

test('a refused key may be tried when its time is over, and again some seconds later', () => {
  const { clock, key } = due()
  expect([key.retired, key.waitMs()]).toEqual([true, 0])
  expect(key.lease().trial).toBe(true)
  expect(key.waitMs()).toBe(trialMs)
  clock.advance(trialMs)
  expect(key.waitMs()).toBe(0)
  expect(key.accepted(key.lease())).toBe(true)
  expect([key.retired, key.lease().trial]).toEqual([false, false])
})

test('of two trials the first verdict counts', () => {
  const { clock, key } = due()
  const slow = key.lease()
  clock.advance(trialMs)
  expect(key.refused(key.lease(), retirementMs)).toBe(true)
  expect([key.accepted(slow), key.retired]).toEqual([false, true])
  clock.advance(retirementMs)
  const late = key.lease()
  clock.advance(trialMs)
  expect(key.accepted(key.lease())).toBe(true)
  expect([key.refused(late, retirementMs), key.retired]).toEqual([false, false])
})

test('a success from before the refusal brings no key back, and a second refusal from then changes nothing', () => {
  const clock = new ManualClock()
  const key = new KeyState(clock)
  const [first, second, third] = [key.lease(), key.lease(), key.lease()]
  expect(key.refused(first, 60_000)).toBe(true)
  clock.advance(1_000)
  expect(key.accepted(second)).toBe(false)
  expect(key.refused(third, retirementMs)).toBe(false)
  expect(key.waitMs()).toBe(59_000)
})

test('no retirement is longer than the longest, or has no end', () => {
  const key = new KeyState(new ManualClock())
  for (const nothing of [0, -1, Number.NaN]) expect(key.refused(key.lease(), nothing)).toBe(false)
  expect(key.retired).toBe(false)
  expect(key.refused(key.lease(), Infinity)).toBe(true)
  expect(key.waitMs()).toBe(retirementMs)
})
