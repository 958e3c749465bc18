import type { HealthReport } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { mergeHealth, mergeProviders } from './merge-reports.ts'

const line = {
  name: 'one',
  status: 'healthy',
  in_flight: 1,
  queued: 0,
  breakers: { a: 'closed', b: 'half_open' },
  last_error: null,
  last_check: '2026-01-01T00:00:00Z',
  uptime: '100.00%',
}
const off = { name: 'off', status: 'disabled', enabled: false, reason: 'set A_KEY' }

function report(changed: object) {
  return { providers: [{ ...line, ...changed }, off], total: 2 }
}

const health: HealthReport = {
  status: 'healthy',
  timestamp: 1,
  providers: { total: 1, healthy: 1, degraded: 0, unhealthy: 0 },
  uptime: '100.00%',
  last_check: '2026-01-01T00:00:00Z',
}

test('what runs is added up; breakers, status and uptime are the worst that any worker has', () => {
  const other = {
    status: 'degraded',
    in_flight: 2,
    queued: 3,
    breakers: { a: 'open', b: 'closed', c: 'closed' },
    last_error: 'timeout',
    last_check: '2026-01-01T00:00:09Z',
    uptime: '99.50%',
  }
  const expected = {
    ...line,
    ...other,
    in_flight: 3,
    queued: 3,
    breakers: { a: 'open', b: 'half_open', c: 'closed' },
  }
  for (const reports of [
    [report({}), report(other)],
    [report(other), report({})],
  ]) {
    expect(mergeProviders(reports)).toEqual({ providers: [expected, off], total: 2 })
  }
})

test('each key is told as the worker sees it that can use it least', () => {
  const keysOf = (...states: string[]) => ({
    keys: states.map((state, index) => ({
      name: `KEY_${index}`,
      state,
      ...(state === 'retired' && { for_seconds: 9 }),
    })),
  })
  const merged = mergeProviders([
    report(keysOf('active', 'ready', 'resting')),
    report(keysOf('retired', 'active', 'ready')),
    report({}),
  ])
  expect(merged.providers[0]).toMatchObject(keysOf('retired', 'active', 'resting'))
})

test('a provider that one worker does not know yet is told as the others see it', () => {
  expect(mergeProviders([report({}), { providers: [], total: 0 }])).toEqual(report({}))
})

test('health is counted over all workers: a provider is as well as where it fares worst', () => {
  const providers = mergeProviders([report({}), report({ status: 'unhealthy' })])
  const merged = mergeHealth(
    [health, { ...health, uptime: '98.00%', last_check: '2026-01-02T00:00:00Z' }],
    providers,
  )
  expect(merged).toEqual({
    ...health,
    status: 'unhealthy',
    providers: { total: 1, healthy: 0, degraded: 0, unhealthy: 1 },
    uptime: '98.00%',
    last_check: '2026-01-02T00:00:00Z',
  })
  expect(mergeHealth([health], mergeProviders([report({})]))).toEqual(health)
})
