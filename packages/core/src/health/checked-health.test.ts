import type { HealthVerdict } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { check, type CheckedHealth, provenWell, unchecked } from './checked-health.ts'

interface Step {
  readonly verdict?: HealthVerdict
  readonly answered?: number
  readonly served?: boolean
  readonly outrun?: boolean
}

/** A request was served. */
const served = 'served'

const well: Step = { verdict: { status: 'healthy' }, answered: 200 }
const bad = (reason: HealthVerdict['reason'], answered?: number): Step => ({
  verdict: { status: 'unhealthy', ...(reason && { reason }) },
  ...(answered !== undefined && { answered }),
})
const reached = (reason: HealthVerdict['reason']): Step => ({
  verdict: { status: 'degraded', ...(reason && { reason }) },
  answered: 429,
})
const refused = bad('configuration', 401)
const forbidden = bad('configuration', 403)
const slow = bad('timeout')

/** The memory after these events. What was served stays served. */
function after(...events: readonly (Step | typeof served)[]): CheckedHealth {
  let health = unchecked
  let everServed = false
  events.forEach((event, index) => {
    if (event === served) {
      everServed = true
      health = provenWell(health)
      return
    }
    const { verdict = { status: 'healthy' }, answered, outrun = false } = event
    health = check(health, { at: index + 1, verdict, answered, served: everServed, outrun })
  })
  return health
}

describe('after health checks a provider is', () => {
  test.each<[string, CheckedHealth, string, string | null]>([
    ['healthy when it was well', after(well), 'healthy', null],
    ['degraded after one failure', after(slow), 'degraded', 'timeout'],
    ['unhealthy after two in a row', after(slow, bad('upstream', 500)), 'unhealthy', 'upstream'],
    ['unhealthy for as long as it fails', after(slow, slow, slow), 'unhealthy', 'timeout'],
    ['degraded when a success was between two', after(slow, well, slow), 'degraded', 'timeout'],
    ['degraded when a request was served between two', after(slow, served, slow), 'degraded', 'timeout'],
    ['healthy as soon as a check succeeds', after(slow, slow, well), 'healthy', null],
    ['healthy as soon as a request is served', after(slow, slow, served), 'healthy', null],
    ['unhealthy at once when its key is refused', after(refused), 'unhealthy', 'configuration'],
    ['unhealthy at once when it is forbidden', after(forbidden), 'unhealthy', 'configuration'],
    ['unhealthy at once when it cannot authorize', after(bad('configuration')), 'unhealthy', 'configuration'],
    ['unhealthy while a refused key is followed by silence', after(refused, slow), 'unhealthy', 'timeout'],
    ['healthy when the key is accepted', after(refused, well), 'healthy', null],
    ['healthy when a refused key serves', after(refused, served), 'healthy', null],
    ['what it was when it was limited', after(slow, reached('rate_limit')), 'healthy', null],
    [
      'refused still when it was limited',
      after(refused, reached('rate_limit')),
      'unhealthy',
      'configuration',
    ],
    ['degraded when its account is empty', after(reached('quota_exhausted')), 'degraded', 'quota_exhausted'],
    ['not failing in a row across a limit', after(slow, reached('rate_limit'), slow), 'degraded', 'timeout'],
    ['unhealthy when a key that served is refused', after(served, refused), 'unhealthy', 'configuration'],
    [
      'unhealthy when what served cannot authorize any more',
      after(served, bad('configuration')),
      'unhealthy',
      'configuration',
    ],
    ['healthy when a check is forbidden what requests are not', after(served, forbidden), 'healthy', null],
    [
      'healthy when a server that serves has no such page',
      after(served, bad('configuration', 404)),
      'healthy',
      null,
    ],
    [
      'failing when a web page answers in place of what served',
      after(served, bad('configuration', 200)),
      'degraded',
      'bad_response',
    ],
    ['healthy when checks were proven wrong', after(refused, served, refused), 'healthy', null],
    [
      'unhealthy when checks that had been wrong were right again in between',
      after(refused, served, well, refused),
      'unhealthy',
      'configuration',
    ],
    ['healthy when a request was served meanwhile', after({ ...slow, outrun: true }), 'healthy', null],
    [
      'not down by a failure that a request has outrun',
      after(slow, { ...slow, outrun: true }),
      'degraded',
      'timeout',
    ],
    [
      'unhealthy for reasons that a plugin does not tell',
      after(bad(undefined), slow),
      'unhealthy',
      'timeout',
    ],
  ])('%s', (_name, health, status, reason) => {
    expect([health.status, health.reason]).toEqual([status, reason])
  })
})

test('the last bad check is remembered through good ones, and each check has its time', () => {
  expect(after(slow, well)).toMatchObject({ at: 2, lastError: 'timeout', lastErrorAt: 1 })
  expect(after(well, reached('rate_limit'))).toMatchObject({ at: 2, lastError: null, lastErrorAt: null })
  expect(after(served, forbidden)).toMatchObject({ at: 2, lastError: null })
})

test('a request that is served while all is well costs nothing', () => {
  const health = after(well)
  expect(provenWell(health)).toBe(health)
})
