import { expect, test } from 'vitest'
import { type ProviderReportInput, providersReport } from './providers-report.ts'

const alpha: ProviderReportInput = {
  name: 'alpha',
  type: 'x',
  status: 'degraded',
  reason: null,
  uptime: '99.95%',
  lastCheck: '2026-01-02T03:04:05Z',
  lastError: 'timeout',
  lastErrorAt: '2026-01-02T03:04:04Z',
  priority: 2,
  weight: 1,
  models: ['big', { id: 'fast', upstream: 'small' }, 'mid-*'],
  operations: new Set(['chat']),
  supports: { tools: false, stream_usage: false },
  breakers: [['big', 'open']],
  inFlight: 3,
  queued: 1,
}

test('lists providers in use by priority, then those switched off with the reason', () => {
  const off = [{ name: 'gone', type: 'y', reason: 'GONE_KEY is not set' }]
  const { providers, total } = providersReport([alpha, { ...alpha, name: 'first', priority: 1 }], off)
  expect(total).toBe(3)
  expect(providers.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['first', true],
    ['alpha', true],
    ['gone', false],
  ])
  expect(providers[1]).toEqual({
    name: 'alpha',
    type: 'x',
    enabled: true,
    status: 'degraded',
    priority: 2,
    weight: 1,
    models: ['big', 'fast', 'mid-*'],
    operations: ['chat'],
    supports: {
      streaming: true,
      tools: false,
      images: true,
      json_schema: true,
      stream_usage: false,
      continuation: false,
    },
    breakers: { big: 'open' },
    in_flight: 3,
    queued: 1,
    uptime: '99.95%',
    last_check: '2026-01-02T03:04:05Z',
    last_error: 'timeout',
    last_error_at: '2026-01-02T03:04:04Z',
  })
  expect(providers[2]).toEqual({
    name: 'gone',
    type: 'y',
    enabled: false,
    status: 'disabled',
    reason: 'GONE_KEY is not set',
  })
})

test('an unhealthy provider says why', () => {
  const down = { ...alpha, status: 'unhealthy', reason: 'configuration' } as const
  expect(providersReport([down]).providers[0]).toMatchObject({ status: 'unhealthy', reason: 'configuration' })
})
