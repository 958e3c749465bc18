import type { Provider } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { KeyRing, type TakenKey } from './key-ring.ts'
import type { LiveDeployment } from './live-provider.ts'

const names = ['A', 'B']

const faults = {
  success: undefined,
  refusal: { kind: 'authentication', message: '', status: 401 },
  forbidden: { kind: 'authentication', message: '', status: 403 },
  limit: { kind: 'rate_limit', message: '', retryAfterMs: 7_000 },
  failure: { kind: 'upstream', message: '' },
} as const

type Verdict = keyof typeof faults

/** The reference: until when each key may not be used, and which attempts began before its last change. */
interface Refused {
  /** 0: accepted. */
  until: number
  era: number
}

interface ModelKey {
  readonly name: string
  readonly everywhere: Refused
  /** By the place in `places`. */
  readonly here: readonly Refused[]
  readonly rests: number[]
}

interface Attempt {
  readonly where: number
  readonly taken: TakenKey
  readonly key: ModelKey
  /** Of what may have been refused, with its era then and whether this attempt tries it. */
  readonly leases: readonly { readonly of: Refused; readonly era: number; readonly trial: boolean }[]
}

const accepted = (): Refused => ({ until: 0, era: 0 })

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
    everywhere: accepted(),
    here: [accepted(), accepted()],
    rests: [0, 0],
  }))
  readonly #last: string[] = []
  readonly #attempts: Attempt[] = []

  /** True: a key was there. */
  take(where: number): boolean {
    const at = this.places[where]!
    const usable = this.#usable(where)
    this.#same('closed', this.#ring.closed(at, false) === undefined, usable.length > 0)
    this.#same('wait', this.#ring.waitMs(at) === 0, usable.length > 0)
    const taken = this.#ring.take(at, false)
    if ('kind' in taken) {
      this.#same('no key', usable.length, 0)
      const dead = this.#keys.every((key) => key.everywhere.until > 0 || key.here[where]!.until > 0)
      this.#same('code', taken.code, dead ? 'upstream_credentials_exhausted' : 'cooling_down')
      return false
    }
    this.#same('usable', usable.includes(taken.name), true)
    const before = this.#last[where]
    if (before !== undefined && usable.includes(before)) this.#same('sticky', taken.name, before)
    this.#last[where] = taken.name
    const key = this.#keys.find(({ name }) => name === taken.name)!
    const leases = [key.everywhere, key.here[where]!].map((of) => ({ of, era: of.era, trial: of.until > 0 }))
    for (const { of, trial } of leases) if (trial) of.until = this.clock.now() + 5_000
    this.#attempts.push({ where, taken, key, leases })
    return true
  }

  settle(which: number, verdict: Verdict): void {
    const [attempt] = this.#attempts.splice(which % Math.max(1, this.#attempts.length), 1)
    if (attempt === undefined) return
    const { where, taken, key } = attempt
    this.#judge(attempt, verdict)
    const another = this.#ring.settle(this.places[where]!, taken, faults[verdict])
    const usable = this.#usable(where)
    const ofKey = verdict !== 'success' && verdict !== 'failure'
    const expected = ofKey && usable.some((name) => name !== key.name)
    // Whose verdict is stale may be used again: then nobody says that there is another one.
    if (!expected || !usable.includes(key.name)) this.#same('another', another, expected)
    this.#same(
      'exhausted',
      this.#ring.exhausted,
      this.#keys.every(({ everywhere }) => everywhere.until > 0),
    )
  }

  #judge({ where, key, leases }: Attempt, verdict: Verdict): void {
    const now = this.clock.now()
    const [everywhere, here] = leases as [(typeof leases)[number], (typeof leases)[number]]
    if (verdict === 'limit') key.rests[where] = Math.max(key.rests[where]!, now + 7_000)
    if (verdict === 'success' || verdict === 'limit')
      for (const { of, era, trial } of leases)
        if (trial && era === of.era) Object.assign(of, { until: 0, era: era + 1 })
    const refused = verdict === 'refusal' ? everywhere : verdict === 'forbidden' ? here : undefined
    if (refused !== undefined && refused.era === refused.of.era)
      Object.assign(refused.of, { until: now + 600_000, era: refused.era + 1 })
  }

  /** Those that are accepted and do not rest there; where there is none, those that may be tried. */
  #usable(where: number): string[] {
    const now = this.clock.now()
    const rested = this.#keys.filter(({ rests }) => rests[where]! <= now + 1)
    const untils = ({ everywhere, here }: ModelKey) => [everywhere.until, here[where]!.until]
    const fine = rested.filter((key) => untils(key).every((until) => until === 0))
    const due = rested.filter((key) => untils(key).every((until) => until <= now))
    return (fine.length > 0 ? fine : due).map(({ name }) => name)
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
      verdict: fc.constantFrom<Verdict>('success', 'refusal', 'refusal', 'forbidden', 'limit', 'failure'),
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
