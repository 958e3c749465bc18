import { faultKinds } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BreakerState } from '../resilience/breaker.ts'
import { freshHealth, type Observation, observe, type ProviderHealth, statusOf } from './status.ts'

function after(faults: readonly Observation['fault'][], at = 0): ProviderHealth {
  return faults.reduce((health, fault) => observe(health, { at, fault }), freshHealth)
}

function status(health: ProviderHealth, breakers: readonly BreakerState[] = [], cooling = false, at = 0) {
  return statusOf({ health, breakers, cooling, at })
}

describe('a provider is', () => {
  test('healthy before anybody asked it', () => {
    expect(status(freshHealth)).toBe('healthy')
    expect(status(freshHealth, ['closed'])).toBe('healthy')
  })

  test('healthy after one failure, degraded after two in a row', () => {
    expect(status(after(['upstream']))).toBe('healthy')
    expect(status(after(['upstream', 'timeout']))).toBe('degraded')
  })

  test('unhealthy when all its breakers are open, degraded when one is', () => {
    expect(status(freshHealth, ['open', 'open'])).toBe('unhealthy')
    expect(status(freshHealth, ['open', 'closed'])).toBe('degraded')
    expect(status(freshHealth, ['half_open'])).toBe('degraded')
  })

  test('degraded while it pauses after a rate limit', () => {
    expect(status(freshHealth, ['closed'], true)).toBe('degraded')
  })

  test('healthy again after successes, or after some minutes in which nobody asked', () => {
    const failing = after(['upstream', 'upstream', 'upstream', 'upstream'])
    expect(status(failing)).toBe('degraded')
    expect(
      status([null, null, null, null].reduce((health, fault) => observe(health, { at: 0, fault }), failing)),
    ).toBe('healthy')
    expect(status(failing, [], false, 180_000)).toBe('healthy')
  })
})

test('mistakes of clients and leaving clients change nothing', () => {
  for (const fault of [
    'invalid_request',
    'context_length',
    'content_filter',
    'cancelled',
    'model_not_found',
  ] as const) {
    expect(observe(freshHealth, { at: 1, fault })).toBe(freshHealth)
  }
})

test('the last fault is remembered through successes', () => {
  expect(after(['timeout', null]).lastFault).toBe('timeout')
})

test('the failure ratio stays between 0 and 1 under any observations', () => {
  const observation = fc.record({
    at: fc.integer({ min: 0, max: 1e9 }),
    fault: fc.constantFrom(null, ...faultKinds),
  })
  fc.assert(
    fc.property(fc.array(observation), (observations) => {
      const { failureRatio } = observations.reduce(observe, freshHealth)
      expect(failureRatio >= 0 && failureRatio <= 1).toBe(true)
    }),
  )
})
