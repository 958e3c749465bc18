import type { Provider } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { KeyRing, type TakenKey } from './key-ring.ts'
import type { LiveDeployment } from './live-provider.ts'

const provider = {} as Provider
const configured = (name: string, digest = `digest-of-${name}`) => ({ name, digest, provider })
const names = ['A', 'B', 'C']

function ringOf(clock: ManualClock, before?: KeyRing, keys = names.map((name) => configured(name))) {
  return new KeyRing(keys, clock, before)
}

const deployment = () => ({ entry: 'm' }) as LiveDeployment
const refusal = { kind: 'authentication', message: '' } as const
const limit = (retryAfterMs?: number) =>
  ({ kind: 'rate_limit', message: '', ...(retryAfterMs !== undefined && { retryAfterMs }) }) as const

/** Takes a key, which must be there. */
function take(ring: KeyRing, at: LiveDeployment, alone = false): TakenKey {
  const taken = ring.take(at, alone)
  if ('kind' in taken) throw new Error(taken.message)
  return taken
}

test('limits of any length pause one key, and the deployment only when all pause', () => {
  const clock = new ManualClock()
  const ring = ringOf(clock)
  const at = deployment()
  for (const [name, seconds] of [
    ['A', 30],
    ['B', 10],
  ] as const) {
    const taken = take(ring, at)
    expect(taken.name).toBe(name)
    expect(ring.settle(at, taken, limit(seconds * 1_000))).toBe(true)
    expect([ring.waitMs(at), ring.hintMs(at)]).toEqual([0, undefined])
  }
  expect(ring.settle(at, take(ring, at), limit(20_000))).toBe(false)
  expect([ring.waitMs(at), ring.hintMs(at)]).toEqual([10_000, 10_000])
  expect(ring.closed(at, true)).toMatchObject({ code: 'cooling_down', retryAfterMs: 10_000 })
  expect(ring.closed(deployment(), false)).toBeUndefined()
  clock.advance(10_000)
  expect(take(ring, at).name).toBe('B')
  // The one that is in use stays in use when others are ready again.
  clock.advance(30_000)
  expect(take(ring, at).name).toBe('B')
})

test('the only deployment of a route is asked in spite of pauses that are guesses, first with the key that paused longest', () => {
  const clock = new ManualClock()
  const ring = ringOf(clock)
  const at = deployment()
  for (const _ of names) {
    ring.settle(at, take(ring, at), limit())
    clock.advance(100)
  }
  expect(ring.closed(at, false)).toMatchObject({ code: 'cooling_down', retryAfterMs: 4_700 })
  expect(ring.closed(at, true)).toBeUndefined()
  const taken = take(ring, at, true)
  expect(taken.name).toBe('A')
  // It has no other one to turn to, or requests would go round in circles.
  expect(ring.settle(at, taken, limit())).toBe(false)
  expect(ring.hintMs(at)).toBeUndefined()
})

test('a key that is tried, and meets a limit, is accepted', () => {
  const clock = new ManualClock()
  const ring = ringOf(clock)
  const at = deployment()
  for (const _ of names) ring.settle(at, take(ring, at), refusal)
  expect(ring.exhausted).toBe(true)
  clock.advance(600_000)
  ring.settle(at, take(ring, at), limit(7_000))
  expect(ring.exhausted).toBe(false)
  expect(ring.lines([at]).map(({ state }) => state)).toEqual(['retired', 'retired', 'resting'])
})

test('what is known of a key goes with its value', () => {
  const clock = new ManualClock()
  const ring = ringOf(clock)
  const at = deployment()
  const old = take(ring, at)
  ring.settle(at, old, refusal)
  const next = ringOf(clock, ring, [configured('B'), configured('Z', 'digest-of-A'), configured('Y')])
  expect(next.lines([at]).map(({ name, state }) => `${name} ${state}`)).toEqual([
    'B ready',
    'Z retired',
    'Y active',
  ])
  // Requests that began before are settled with the ring of then.
  ring.settle(at, take(ring, at), limit(5_000))
  expect(take(next, at).name).toBe('Y')
  expect([next, ringOf(clock, next, [configured('Q'), configured('R')])]).toMatchObject([
    { goesOn: true },
    { goesOn: false },
  ])
})

test('what other gateways tell is heard once, for the key of that value, and not told on', () => {
  const clock = new ManualClock()
  const [here, there] = [ringOf(clock), ringOf(clock)]
  const [at, away] = [deployment(), deployment()]
  const told: object[] = []
  here.listen(at, (pause) => {
    told.push(pause)
    there.hold(away, pause)
  })
  there.listen(away, () => told.push({ again: true }))
  here.settle(at, take(here, at), refusal)
  here.settle(at, take(here, at), limit())
  expect(told).toEqual([
    { cause: 'key', key: 'A#digest-o', forMs: 600_000 },
    { cause: 'cooldown', key: 'B#digest-o', forMs: 5_000, guessed: true },
  ])
  expect(there.lines([away]).map(({ state }) => state)).toEqual(['retired', 'resting', 'active'])
  expect(take(there, away).name).toBe('C')
  for (const key of ['C', 'C#another1', 'X#digest-o']) there.hold(away, { cause: 'key', key, forMs: 1_000 })
  for (const forMs of [0, -1, Number.NaN]) there.hold(away, { cause: 'key', key: 'C#digest-o', forMs })
  expect(take(there, away).name).toBe('C')
  there.hold(away, { cause: 'key', key: 'C#digest-o', forMs: 1e9 })
  expect(there.lines([away])[2]).toEqual({ name: 'C', state: 'retired', forMs: 600_000 })
})
