import { describe, expect, test } from 'vitest'
import type { BreakerState } from '../resilience/breaker.ts'
import { type CheckedHealth, unchecked } from './checked-health.ts'
import { freshHealth, observe, type ServedHealth } from './served-health.ts'
import { statusOf, unhealthyReason } from './status.ts'

interface Case {
  readonly served?: ServedHealth
  readonly checked?: Partial<CheckedHealth>
  readonly breakers?: readonly BreakerState[]
  readonly cooling?: boolean
}

function judge({ served = freshHealth, checked = {}, breakers = [], cooling = false }: Case) {
  const input = { served, checked: { ...unchecked, ...checked }, breakers, cooling, at: 0 }
  return [statusOf(input), unhealthyReason(input)]
}

const failed = (fault: 'timeout' | 'authentication') => observe(freshHealth, { at: 0, fault })

describe('a provider is', () => {
  test.each<[string, Case, ReturnType<typeof judge>]>([
    ['healthy before anybody asked it', {}, ['healthy', null]],
    ['healthy with closed breakers', { breakers: ['closed'] }, ['healthy', null]],
    ['healthy after one failure', { served: failed('timeout') }, ['healthy', null]],
    [
      'degraded after two in a row',
      { served: observe(failed('timeout'), { at: 0, fault: 'timeout' }) },
      ['degraded', null],
    ],
    ['degraded when one breaker is open', { breakers: ['open', 'closed'] }, ['degraded', null]],
    ['degraded when a probe is due', { breakers: ['half_open'] }, ['degraded', null]],
    ['degraded while it pauses', { breakers: ['closed'], cooling: true }, ['degraded', null]],
    ['degraded when a check says so', { checked: { status: 'degraded' } }, ['degraded', null]],
    [
      'unhealthy when all breakers are open, by the last fault',
      { breakers: ['open', 'open'], served: failed('timeout') },
      ['unhealthy', 'timeout'],
    ],
    [
      'unhealthy because of its configuration when requests were refused its key',
      { breakers: ['open'], served: failed('authentication') },
      ['unhealthy', 'configuration'],
    ],
    ['unhealthy when others told so', { breakers: ['open'] }, ['unhealthy', 'breaker_open']],
    [
      'unhealthy when checks say so',
      { breakers: ['closed'], checked: { status: 'unhealthy', reason: 'network' } },
      ['unhealthy', 'network'],
    ],
  ])('%s', (_name, input, expected) => {
    expect(judge(input)).toEqual(expected)
  })
})
