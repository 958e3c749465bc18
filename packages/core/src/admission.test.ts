import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { type Admission, admit, closedReason, queueTimeout, settleAdmission } from './admission.ts'
import type { LiveDeployment, LiveProvider } from './live-provider.ts'
import { Breaker } from './resilience/breaker.ts'
import { Cooldown } from './resilience/cooldown.ts'
import { Gate } from './resilience/gate.ts'
import { Pace } from './resilience/pace.ts'

function open(perMinute: number | null = null) {
  const clock = new ManualClock()
  const live = {
    gate: new Gate(2, 0, clock),
    pace: new Pace(perMinute, clock),
    config: { max_connections: 2 },
  } as unknown as LiveProvider
  const deployment: LiveDeployment = {
    entry: 'm',
    breaker: new Breaker({ threshold: 1, timeoutMs: 1_000 }, clock),
    cooldown: new Cooldown(clock),
  }
  const enter = () => {
    live.gate.tryAcquire()
    return admit(live, { deployment, alone: false })
  }
  return { clock, live, deployment, enter }
}

test.each([
  ['success', undefined, 'closed', 0],
  ['a failure', { kind: 'upstream', message: '' }, 'open', 0],
  ['a rate limit', { kind: 'rate_limit', message: '', retryAfterMs: 7_000 }, 'closed', 7_000],
  ['an empty account', { kind: 'quota_exhausted', message: '' }, 'closed', 60_000],
  ['the client’s mistake', { kind: 'invalid_request', message: '' }, 'closed', 0],
  ['a client that left', { kind: 'cancelled', message: '' }, 'closed', 0],
  ['a keep-alive race', { kind: 'network', message: '', reusedSocketDied: true }, 'closed', 0],
] as const)('%s gives the slot back, once, and tells breaker and pause', (_name, fault, state, pause) => {
  const { live, deployment, enter } = open()
  settleAdmission(enter() as Admission, fault)
  expect([live.gate.inFlight, deployment.breaker.state, deployment.cooldown.remainingMs()]).toEqual([
    0,
    state,
    pause,
  ])
})

test('an open breaker gives the slot back and says for how long', () => {
  const { clock, live, deployment, enter } = open()
  settleAdmission(enter() as Admission, { kind: 'upstream', message: '' })
  clock.advance(400)
  expect(enter()).toMatchObject({ kind: 'overloaded', code: 'breaker_open', retryAfterMs: 600 })
  expect(closedReason(live, deployment, false)).toMatchObject({
    code: 'breaker_open',
    retryAfterMs: 600,
  })
  expect(live.gate.inFlight).toBe(0)
})

test('the pace gives slot and probe back, so that the next probe can be made', () => {
  const { clock, live, deployment, enter } = open(1)
  settleAdmission(enter() as Admission, { kind: 'upstream', message: '' })
  clock.advance(1_000)
  expect(enter()).toMatchObject({ kind: 'rate_limit', code: 'provider_rate_limit', retryAfterMs: 59_000 })
  expect(live.gate.inFlight).toBe(0)
  clock.advance(59_000)
  settleAdmission(enter() as Admission, undefined)
  expect(deployment.breaker.state).toBe('closed')
})

test('a pause of the vendor’s closes a lone deployment, a guess of ours does not', () => {
  const { live, deployment } = open()
  const reason = (alone: boolean) => closedReason(live, deployment, alone)
  deployment.cooldown.start(5_000, true)
  expect(reason(true)).toBeUndefined()
  expect(reason(false)).toMatchObject({ kind: 'rate_limit', retryAfterMs: 5_000 })
  deployment.cooldown.start(5_000, false)
  expect(reason(true)).toMatchObject({ kind: 'rate_limit', retryAfterMs: 5_000 })
})

test('a full queue names the limit, and nothing was sent', () => {
  const { live } = open()
  expect(queueTimeout(live)).toMatchObject({
    kind: 'overloaded',
    nothingSent: true,
    message: expect.stringContaining('2') as string,
  })
})
