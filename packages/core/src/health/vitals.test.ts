import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { AttemptRecord } from '../metrics/outcome.ts'
import { Breaker } from '../resilience/breaker.ts'
import { Cooldown } from '../resilience/cooldown.ts'
import { freshHealth } from './status.ts'
import { Vitals } from './vitals.ts'

function attempt(provider: string, kind?: 'upstream' | 'invalid_request' | 'cancelled'): AttemptRecord {
  const record = { provider, type: 't', model: 'm', durationMs: 1, firstByteMs: null }
  return kind === undefined ? record : { ...record, fault: { kind, message: '' } }
}

test('what nobody has asked is fresh; the client’s own mistakes and leaving change nothing', () => {
  const vitals = new Vitals(0, true)
  vitals.observe([attempt('a', 'invalid_request'), attempt('a', 'cancelled')], 5)
  expect(vitals.healthOf('a')).toBe(freshHealth)
  expect(vitals.lastObservedAt).toBeNull()
})

test('each provider has its own record, and the last observation is the latest of all', () => {
  const vitals = new Vitals(0, true)
  vitals.observe([attempt('a', 'upstream'), attempt('b')], 5)
  vitals.observe([attempt('b')], 9)
  expect(vitals.healthOf('a')).toMatchObject({ lastFault: 'upstream', observedAt: 5 })
  expect(vitals.healthOf('b')).toMatchObject({ lastFault: null, failureRatio: 0, observedAt: 9 })
  expect(vitals.lastObservedAt).toBe(9)
})

test('a provider is unhealthy when each of its deployments is closed off, and usable again when a probe is due', () => {
  const clock = new ManualClock(0)
  const vitals = new Vitals(0, true)
  const breaker = new Breaker({ threshold: 1, timeoutMs: 1_000 }, clock)
  const cooldown = new Cooldown(clock)
  const live = {
    name: 'a',
    deployments: new Map([['m', { entry: 'm', breaker, cooldown }]]),
  } as unknown as LiveProvider
  expect(vitals.statusOf(live, clock.now())).toBe('healthy')
  cooldown.start(500)
  expect(vitals.statusOf(live, clock.now())).toBe('degraded')
  breaker.acquire()?.failure()
  expect(vitals.statusOf(live, clock.now())).toBe('unhealthy')
  clock.advance(1_000)
  expect(vitals.statusOf(live, clock.now())).toBe('degraded')
})

test('the uptime counts the time in which somebody could be asked', () => {
  const vitals = new Vitals(0, true)
  vitals.mark(false, 500)
  vitals.mark(true, 750)
  expect(Number.parseFloat(vitals.uptime(1_000))).toBeCloseTo(75)
})
