import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { repeat } from './repeat.ts'

test('keeps a rhythm that began earlier, until it is stopped', () => {
  const clock = new ManualClock(1_000)
  const times: number[] = []
  const stop = repeat(clock, { since: 930, everyMs: 100 }, () => void times.push(clock.now()))
  clock.advance(300)
  expect(times).toEqual([1_030, 1_130, 1_230])
  stop()
  clock.advance(300)
  expect([times.length, clock.pending]).toEqual([3, 0])
})

test('a timer that fires too early is followed by one of full length', () => {
  const waits: number[] = []
  let now = 0
  let fire = () => {}
  const after = (milliseconds: number, callback: () => void) => {
    waits.push(milliseconds)
    fire = callback
  }
  const clock = { now: () => now, epoch: () => now, after, cancel: () => undefined }
  repeat(clock, { since: 0, everyMs: 100 }, () => undefined)
  now = 99.5
  fire()
  expect(waits).toEqual([100, 100.5])
})

test('never, when there is no interval', () => {
  const clock = new ManualClock()
  repeat(clock, { since: 0, everyMs: 0 }, () => expect.unreachable())()
  expect(clock.pending).toBe(0)
})
