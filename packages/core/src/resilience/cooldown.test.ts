import { faultKinds } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Cooldown, cooldownMs, defaultCooldownMs, maxCooldownMs } from './cooldown.ts'

test('a pause runs out, and is never shortened', () => {
  const clock = new ManualClock()
  const cooldown = new Cooldown(clock)
  expect(cooldown.remainingMs()).toBe(0)
  cooldown.start(5_000)
  cooldown.start(1_000)
  expect(cooldown.remainingMs()).toBe(5_000)
  expect(cooldown.until).toBe(clock.now() + 5_000)
  clock.advance(5_000)
  expect(cooldown.remainingMs()).toBe(0)
})

test('what the vendor names takes the place of a guess, and no guess is added to it', () => {
  const clock = new ManualClock()
  const cooldown = new Cooldown(clock)
  const told: unknown[] = []
  cooldown.onStart = (milliseconds, guessed) => void told.push([milliseconds, guessed])
  cooldown.start(5_000, true)
  cooldown.start(4_000, true)
  expect([cooldown.remainingMs(), cooldown.guessed]).toEqual([5_000, true])
  cooldown.start(2_000)
  expect([cooldown.remainingMs(), cooldown.guessed]).toEqual([2_000, false])
  cooldown.start(60_000, true)
  expect([cooldown.remainingMs(), cooldown.guessed]).toEqual([2_000, false])
  cooldown.start(3_000)
  expect([cooldown.remainingMs(), cooldown.guessed]).toEqual([3_000, false])
  expect(told).toEqual([
    [5_000, true],
    [2_000, false],
    [3_000, false],
  ])
  clock.advance(3_000)
  cooldown.start(1_000, true)
  expect([cooldown.remainingMs(), cooldown.guessed]).toEqual([1_000, true])
})

test('a timer that fires a millisecond early finds the pause over', () => {
  const clock = new ManualClock()
  const cooldown = new Cooldown(clock)
  cooldown.start(5_000)
  clock.advance(4_999)
  expect(cooldown.remainingMs()).toBe(0)
})

test('the vendor’s hint is taken, capped; without one the default of the kind', () => {
  const message = ''
  expect(cooldownMs({ kind: 'rate_limit', message, retryAfterMs: 700 })).toBe(700)
  expect(cooldownMs({ kind: 'rate_limit', message })).toBe(defaultCooldownMs.rate_limit)
  expect(cooldownMs({ kind: 'quota_exhausted', message })).toBe(defaultCooldownMs.quota_exhausted)
  expect(cooldownMs({ kind: 'quota_exhausted', message, retryAfterMs: 86_400_000 })).toBe(maxCooldownMs)
  expect(cooldownMs({ kind: 'rate_limit', message, retryAfterMs: -1 })).toBe(0)
})

test('only rate limits and empty accounts pause', () => {
  const pausing = faultKinds.filter((kind) => cooldownMs({ kind, message: '', retryAfterMs: 1 }) > 0)
  expect(pausing).toEqual(['quota_exhausted', 'rate_limit'])
})
