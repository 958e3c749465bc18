import type { HealthVerdict } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { AttemptRecord } from '../metrics/outcome.ts'
import { Breaker } from '../resilience/breaker.ts'
import { Cooldown } from '../resilience/cooldown.ts'
import { Vitals } from './vitals.ts'

type Kind = 'upstream' | 'invalid_request' | 'cancelled'

function attempt(provider: string, kind?: Kind): AttemptRecord {
  const record = { provider, type: 't', model: 'm', durationMs: 1, firstByteMs: null }
  return kind === undefined ? record : { ...record, fault: { kind, message: '' } }
}

function provider(name: string, identity = 'first', models = ['m']): LiveProvider {
  return { name, identity, config: { models }, deployments: new Map() } as unknown as LiveProvider
}

const all = (...live: LiveProvider[]) => new Map(live.map((each) => [each.name, each]))

const slow: HealthVerdict = { status: 'unhealthy', reason: 'timeout', message: 'no answer' }

function checked(vitals: Vitals, live: LiveProvider, verdict: HealthVerdict, at: number, startedAt = at) {
  vitals.check(live, { provider: live.name, type: 't', kind: 'free', verdict, durationMs: 1 }, startedAt, at)
}

test('what nobody has asked is fresh; the client’s own mistakes and leaving change nothing', () => {
  const live = all(provider('a'))
  const vitals = new Vitals(live, 0)
  vitals.observe([attempt('a', 'invalid_request'), attempt('a', 'cancelled')], live, 5)
  expect(vitals.signsOf(live.get('a')!, 10)).toEqual({
    status: 'healthy',
    reason: null,
    uptime: '100.00%',
    observedAt: null,
    lastError: null,
    lastErrorAt: null,
  })
  expect(vitals.lastObservedAt).toBeNull()
})

test('each provider has its own record, and the last observation is the latest of all', () => {
  const live = all(provider('a'), provider('b'))
  const vitals = new Vitals(live, 0)
  vitals.observe([attempt('a', 'upstream'), attempt('b')], live, 5)
  vitals.observe([attempt('b')], live, 9)
  expect(vitals.signsOf(live.get('a')!, 9)).toMatchObject({ lastError: 'upstream', observedAt: 5 })
  expect(vitals.signsOf(live.get('b')!, 9)).toMatchObject({ lastError: null, observedAt: 9 })
  checked(vitals, live.get('a')!, slow, 12)
  expect(vitals.signsOf(live.get('a')!, 12)).toMatchObject({ lastError: 'timeout', lastErrorAt: 12 })
  expect([vitals.servedAt('a'), vitals.servedAt('b'), vitals.lastObservedAt]).toEqual([5, 9, 12])
})

test('a provider that checks find down is asked last until a request is served, and its turns are told', () => {
  const live = all(provider('a'), provider('b'))
  const vitals = new Vitals(live, 0)
  const turns: unknown[] = []
  vitals.onTurn = (turn) => turns.push(turn)
  const a = live.get('a')!
  checked(vitals, a, slow, 100)
  expect([vitals.isDown('a'), turns]).toEqual([false, []])
  checked(vitals, a, slow, 200)
  checked(vitals, a, slow, 300)
  expect([vitals.isDown('a'), vitals.isDown('b')]).toEqual([true, false])
  vitals.observe([attempt('a', 'upstream')], live, 400)
  expect(vitals.signsOf(a, 400)).toMatchObject({ status: 'unhealthy', reason: 'timeout', uptime: '50.00%' })
  vitals.observe([attempt('a')], live, 600)
  expect(vitals.isDown('a')).toBe(false)
  expect(vitals.signsOf(a, 800)).toMatchObject({ reason: null, uptime: '50.00%' })
  expect(turns).toEqual([
    { provider: 'a', status: 'unhealthy', reason: 'timeout', message: 'no answer' },
    { provider: 'a', status: 'healthy', reason: null },
  ])
  // The other one was there all the time.
  expect([vitals.uptime(800), vitals.signsOf(live.get('b')!, 800).uptime]).toEqual(['100.00%', '100.00%'])
})

test('a check that a served request has overtaken takes nothing down', () => {
  const live = all(provider('a'))
  const vitals = new Vitals(live, 0)
  vitals.observe([attempt('a')], live, 50)
  const refused: HealthVerdict = { status: 'unhealthy', reason: 'configuration' }
  checked(vitals, live.get('a')!, refused, 60, 40)
  expect(vitals.isDown('a')).toBe(false)
  checked(vitals, live.get('a')!, refused, 160, 140)
  expect(vitals.isDown('a')).toBe(true)
})

test('what checks have said is forgotten when nobody checks any more', () => {
  const live = all(provider('a'))
  const vitals = new Vitals(live, 0)
  checked(vitals, live.get('a')!, { status: 'unhealthy', reason: 'configuration' }, 10)
  vitals.uncheck('a', 20)
  expect([vitals.isDown('a'), vitals.statusOf(live.get('a')!, 20)]).toEqual([false, 'healthy'])
})

test('a provider with another address or key begins anew, and late news of the old one is not about it', () => {
  const before = all(provider('a'), provider('gone'))
  const vitals = new Vitals(before, 0)
  checked(vitals, before.get('a')!, { status: 'unhealthy', reason: 'configuration' }, 10)
  const after = all(provider('a', 'second'))
  vitals.configure(after, 100)
  const a = after.get('a')!
  expect([vitals.isDown('a'), vitals.signsOf(a, 200).uptime]).toEqual([false, '100.00%'])
  checked(vitals, before.get('a')!, { status: 'unhealthy', reason: 'configuration' }, 210)
  vitals.observe([attempt('a', 'upstream'), attempt('gone', 'upstream')], before, 220)
  expect(vitals.signsOf(a, 230)).toMatchObject({ status: 'healthy', observedAt: null, lastError: null })
  checked(vitals, a, { status: 'unhealthy', reason: 'configuration' }, 240, 99)
  expect(vitals.lastObservedAt).toBeNull()
})

test('a provider is unhealthy when each of its deployments is closed off, and usable again when a probe is due', () => {
  const clock = new ManualClock(0)
  const live = provider('a')
  const vitals = new Vitals(all(live), 0)
  const breaker = new Breaker({ threshold: 1, timeoutMs: 1_000 }, clock)
  const cooldown = new Cooldown(clock)
  live.deployments.set('m', { entry: 'm', breaker, cooldown })
  breaker.onChange = () => vitals.mark(clock.now())
  expect(vitals.statusOf(live, clock.now())).toBe('healthy')
  cooldown.start(500)
  expect(vitals.statusOf(live, clock.now())).toBe('degraded')
  clock.advance(1_000)
  breaker.acquire()?.failure()
  expect(vitals.statusOf(live, clock.now())).toBe('unhealthy')
  clock.advance(1_000)
  expect(vitals.statusOf(live, clock.now())).toBe('degraded')
  // Nobody has looked for a while: what was usable by time alone counts.
  clock.advance(2_000)
  expect([vitals.uptime(clock.now()), vitals.signsOf(live, clock.now()).uptime]).toEqual(['75.00%', '75.00%'])
})

test('deployments of models that are not configured any more say nothing', () => {
  const clock = new ManualClock(0)
  const live = provider('a', 'first', ['m'])
  const vitals = new Vitals(all(live), 0)
  const breaker = new Breaker({ threshold: 1, timeoutMs: 1_000 }, clock)
  live.deployments.set('old', { entry: 'old', breaker, cooldown: new Cooldown(clock) })
  breaker.acquire()?.failure()
  vitals.mark(0)
  expect(vitals.signsOf(live, 500)).toMatchObject({ status: 'healthy', reason: null, uptime: '100.00%' })
})
