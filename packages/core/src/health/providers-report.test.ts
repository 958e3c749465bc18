import { expect, test } from 'vitest'
import { type ProviderReportInput, providersReport } from './providers-report.ts'

const alpha: ProviderReportInput = {
  name: 'alpha',
  type: 'x',
  status: 'degraded',
  priority: 2,
  weight: 1,
  models: ['big', { id: 'fast', upstream: 'small' }, 'mid-*'],
  operations: new Set(['chat']),
  supports: { tools: false, stream_usage: false },
  breakers: [['big', 'open']],
  inFlight: 3,
  queued: 1,
  lastFault: 'timeout',
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
    supports: { streaming: true, tools: false, images: true, json_schema: true },
    breakers: { big: 'open' },
    in_flight: 3,
    queued: 1,
    last_error: 'timeout',
  })
  expect(providers[2]).toEqual({
    name: 'gone',
    type: 'y',
    enabled: false,
    status: 'disabled',
    reason: 'GONE_KEY is not set',
  })
})
