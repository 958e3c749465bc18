import type { Provider } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { KeyRing, type TakenKey } from './key-ring.ts'
import type { LiveDeployment } from './live-provider.ts'

const names = ['A', 'B']

const faults = {
  success: undefined,
  refusal: { kind: 'authentication', message: '' },
  limit: { kind: 'rate_limit', message: '', retryAfterMs: 7_000 },
  failure: { kind: 'upstream', message: '' },
} as const

type Verdict = keyof typeof faults

/** The reference: until when each key may not be used, and which attempts began before its last change. */
interface ModelKey {
  readonly name: string
  retiredUntil: number
  era: number
  readonly rests: Map<LiveDeployment, number>
}

interface Attempt {
  readonly at: LiveDeployment
  readonly taken: TakenKey
  readonly key: ModelKey
  readonly era: number
  readonly trial: boolean
}

/** A ring beside its reference. `wrong` lists where they differ. */
class Comparison {
  readonly wrong: string[] = []
  readonly places = [{ entry: 'm' }, { entry: 'n' }] as LiveDeployment[]
  readonly clock = new ManualClock()
  readonly #ring = new KeyRing(
    names.map((name) => ({ name, digest: name, provider: {} as Provider })),
    this.clock,
  )
  readonly #keys: readonly ModelKey[] = names.map((name) => ({
    name,
    retiredUntil: 0,
    era: 0,
    rests: new Map(),
  }))
  readonly #last = new Map<LiveDeployment, string>()
  readonly #attempts: Attempt[] = []

  /** True: a key was there. */
  take(where: number): boolean {
    const at = this.places[where]!
    const usable = this.#usable(at)
    this.#same('closed', this.#ring.closed(at, false) === undefined, usable.length > 0)
    this.#same('wait', this.#ring.waitMs(at) === 0, usable.length > 0)
    const taken = this.#ring.take(at, false)
    this.#same(
      'taken',
      'kind' in taken ? undefined : usable.includes(taken.name),
      usable.length > 0 || undefined,
    )
    if ('kind' in taken) return false
    const before = this.#last.get(at)
    if (before !== undefined && usable.includes(before)) this.#same('sticky', taken.name, before)
    this.#last.set(at, taken.name)
    const key = this.#keys.find(({ name }) => name === taken.name)!
    const trial = key.retiredUntil > 0
    if (trial) key.retiredUntil = this.clock.now() + 5_000
    this.#attempts.push({ at, taken, key, era: key.era, trial })
    return true
  }

  settle(which: number, verdict: Verdict): void {
    const [attempt] = this.#attempts.splice(which % Math.max(1, this.#attempts.length), 1)
    if (attempt === undefined) return
    const { at, taken, key } = attempt
    this.#judge(attempt, verdict)
    const another = this.#ring.settle(at, taken, faults[verdict])
    const usable = this.#usable(at)
    const expected =
      (verdict === 'refusal' || verdict === 'limit') && usable.some((name) => name !== key.name)
    // Whose verdict is stale may be used again: then nobody says that there is another one.
    if (!expected || !usable.includes(key.name)) this.#same('another', another, expected)
    this.#same(
      'exhausted',
      this.#ring.exhausted,
      this.#keys.every(({ retiredUntil }) => retiredUntil > 0),
    )
  }

  #judge({ at, key, era, trial }: Attempt, verdict: Verdict): void {
    const now = this.clock.now()
    const fresh = era === key.era
    if (verdict === 'limit') key.rests.set(at, Math.max(key.rests.get(at) ?? 0, now + 7_000))
    if ((verdict === 'success' || verdict === 'limit') && trial && fresh)
      Object.assign(key, { retiredUntil: 0, era: era + 1 })
    if (verdict === 'refusal' && fresh) Object.assign(key, { retiredUntil: now + 600_000, era: era + 1 })
  }

  /** Those that are accepted and do not rest there; where there is none, those that may be tried. */
  #usable(at: LiveDeployment): string[] {
    const now = this.clock.now()
    const rested = this.#keys.filter(({ rests }) => (rests.get(at) ?? 0) <= now + 1)
    const accepted = rested.filter(({ retiredUntil }) => retiredUntil === 0)
    const due = rested.filter(({ retiredUntil }) => retiredUntil <= now)
    return (accepted.length > 0 ? accepted : due).map(({ name }) => name)
  }

  #same(what: string, found: unknown, expected: unknown): void {
    if (found !== expected) this.wrong.push(`${what}: ${String(found)}, not ${String(expected)}`)
  }
}

test('keys are used as their reference says under any sequence of attempts', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('take' as const), where: fc.nat(1) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 1_000, 5_000, 60_000, 600_000) }),
    fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(),
      verdict: fc.constantFrom<Verdict>('success', 'refusal', 'refusal', 'limit', 'failure'),
    }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const comparison = new Comparison()
      for (const each of steps) {
        if (each.do === 'take') comparison.take(each.where)
        else if (each.do === 'wait') comparison.clock.advance(each.ms)
        else comparison.settle(each.which, each.verdict)
      }
      // Whatever has happened, some key can be used when all time limits are over.
      comparison.clock.advance(600_000)
      expect([comparison.take(0), comparison.wrong]).toEqual([true, []])
    }),
    { numRuns: 500 },
  )
})
