import { faultKinds } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { failsOften, freshHealth, type Observation, observe, type ServedHealth } from './served-health.ts'

function after(faults: readonly Observation['fault'][], at = 0): ServedHealth {
  return faults.reduce((health, fault) => observe(health, { at, fault }), freshHealth)
}

test('a provider fails often after two failures in a row, and no more after successes or some silent minutes', () => {
  expect(failsOften(freshHealth, 0)).toBe(false)
  expect(failsOften(after(['upstream']), 0)).toBe(false)
  const failing = after(['upstream', 'upstream', 'upstream', 'upstream'])
  expect([failsOften(after(['upstream', 'timeout']), 0), failsOften(failing, 0)]).toEqual([true, true])
  const healed = [null, null, null, null].reduce(
    (health, fault) => observe(health, { at: 0, fault }),
    failing,
  )
  expect([failsOften(healed, 0), failsOften(failing, 180_000)]).toEqual([false, false])
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

test('the last fault and the last success are remembered with their times', () => {
  const failed = observe(freshHealth, { at: 5, fault: 'timeout' })
  expect(observe(failed, { at: 7, fault: null })).toMatchObject({
    lastFault: 'timeout',
    lastFaultAt: 5,
    servedAt: 7,
    observedAt: 7,
  })
  expect(failed).toMatchObject({ servedAt: null, observedAt: 5 })
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
