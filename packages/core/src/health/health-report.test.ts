import { expect, test } from 'vitest'
import { healthReport } from './health-report.ts'
import type { Status } from './status.ts'

function report(statuses: readonly Status[]) {
  return healthReport({ statuses, uptime: '99.95%', at: 1_699_999_999_123, lastCheckAt: 1_698_840_000_456 })
}

test('has the shape of the specification', () => {
  const eight: Status[] = [...Array.from({ length: 7 }, () => 'healthy' as const), 'degraded']
  expect(report(eight)).toEqual({
    status: 'healthy',
    timestamp: 1_699_999_999.123,
    providers: { total: 8, healthy: 7, degraded: 1, unhealthy: 0 },
    uptime: '99.95%',
    last_check: '2023-11-01T12:00:00Z',
  })
})

test.each([
  [[], 'unhealthy'],
  [['unhealthy', 'unhealthy'], 'unhealthy'],
  [['degraded'], 'degraded'],
  [['healthy', 'unhealthy'], 'degraded'],
  [['degraded', 'unhealthy'], 'degraded'],
  [['healthy', 'degraded'], 'healthy'],
] as [Status[], Status][])('%j together are %s', (statuses, expected) => {
  expect(report(statuses).status).toBe(expected)
})

test('names the application when asked to', () => {
  const app = { name: 'LLM Proxy API', version: '2.0.0' }
  const named = healthReport({ statuses: [], uptime: '0.00%', at: 0, lastCheckAt: 0, app })
  expect(named).toMatchObject({ app_name: 'LLM Proxy API', app_version: '2.0.0' })
})
