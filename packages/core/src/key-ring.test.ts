import type { Provider } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
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
  expect(ringOf(clock, next, [configured('Q'), configured('R')]).shares(next)).toBe(false)
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

/** The reference: until when each key may not be used, and which verdicts are stale. */
class Reference {
  readonly keys = names.map((name) => ({ name, retiredUntil: 0, era: 0, rests: new Map<object, number>() }))

  find(name: string) {
    return this.keys.find((key) => key.name === name)!
  }

  /** Those that may be used at the deployment: accepted ones, else those that may be tried. */
  usable(at: object, now: number): string[] {
    const rested = this.keys.filter(({ rests }) => (rests.get(at) ?? 0) <= now + 1)
    const accepted = rested.filter(({ retiredUntil }) => retiredUntil === 0)
    return (accepted.length > 0 ? accepted : rested.filter((key) => key.retiredUntil <= now)).map(
      ({ name }) => name,
    )
  }
}

test('keys are used as their reference says under any sequence of attempts', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('take' as const), where: fc.nat(1) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 1_000, 5_000, 60_000, 600_000) }),
    fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(),
      verdict: fc.constantFrom('success', 'refusal', 'limit', 'failure'),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const clock = new ManualClock()
      const ring = ringOf(clock)
      const model = new Reference()
      const places = [deployment(), deployment()]
      const last = new Map<object, string>()
      const out: { at: LiveDeployment; taken: TakenKey; era: number; trial: boolean }[] = []
      for (const each of steps) {
        const now = clock.now()
        if (each.do === 'wait') clock.advance(each.ms)
        if (each.do === 'take') {
          const at = places[each.where]!
          const usable = model.usable(at, now)
          expect(ring.closed(at, false) === undefined).toBe(usable.length > 0)
          expect(ring.waitMs(at) === 0).toBe(usable.length > 0)
          const taken = ring.take(at, false)
          if ('kind' in taken) {
            expect(usable).toEqual([])
            continue
          }
          expect(usable).toContain(taken.name)
          const before = last.get(at)
          if (before !== undefined && usable.includes(before)) expect(taken.name).toBe(before)
          last.set(at, taken.name)
          const key = model.find(taken.name)
          const trial = key.retiredUntil > 0
          if (trial) key.retiredUntil = now + 5_000
          out.push({ at, taken, era: key.era, trial })
        }
        if (each.do === 'settle' && out.length > 0) {
          const [{ at, taken, era, trial }] = out.splice(each.which % out.length, 1) as [(typeof out)[number]]
          const key = model.find(taken.name)
          const stale = era !== key.era
          if ((each.verdict === 'success' || each.verdict === 'limit') && trial && !stale)
            Object.assign(key, { retiredUntil: 0, era: key.era + 1 })
          if (each.verdict === 'limit') key.rests.set(at, Math.max(key.rests.get(at) ?? 0, now + 7_000))
          if (each.verdict === 'refusal' && !stale)
            Object.assign(key, { retiredUntil: now + 600_000, era: key.era + 1 })
          const fault = {
            success: undefined,
            refusal,
            limit: limit(7_000),
            failure: { kind: 'upstream', message: '' } as const,
          }[each.verdict]
          const another = ring.settle(at, taken, fault)
          const others = model.usable(at, now).filter((name) => name !== taken.name)
          const ofKey = each.verdict === 'refusal' || each.verdict === 'limit'
          if (!ofKey || others.length === 0) expect(another).toBe(false)
          if (ofKey && !model.usable(at, now).includes(taken.name)) expect(another).toBe(others.length > 0)
        }
        expect(ring.exhausted).toBe(model.keys.every(({ retiredUntil }) => retiredUntil > 0))
      }
      clock.advance(600_000)
      for (const at of places) expect(ring.closed(at, false)).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})
