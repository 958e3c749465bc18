import { expect, test } from 'vitest'
import { afterInBackground, systemClock } from './clock.ts'

test('a time limit of months does not pass at once', async () => {
  let fired = false
  const timer = systemClock.after(40 * 24 * 3600 * 1000, () => void (fired = true))
  await new Promise((resolve) => setTimeout(resolve, 15))
  systemClock.cancel(timer)
  expect(fired).toBe(false)
})

test('now() never goes back and epoch() is the time of day', () => {
  const before = systemClock.now()
  expect(systemClock.now()).toBeGreaterThanOrEqual(before)
  expect(Math.abs(systemClock.epoch() - Date.now())).toBeLessThan(1_000)
})

test('a timer in the background keeps no process alive', () => {
  const timer = afterInBackground(systemClock, 60_000, () => undefined) as NodeJS.Timeout
  expect(timer.hasRef()).toBe(false)
  systemClock.cancel(timer)
})
