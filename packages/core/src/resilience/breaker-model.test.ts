import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Breaker, type BreakerOptions, type BreakerState, type Permit } from './breaker.ts'

type Options = Required<BreakerOptions>
type Verdict = 'success' | 'failure' | 'release'
type Change = readonly [state: BreakerState, told: boolean]

/** A permit of the reference: the era that it was given out in, and whether it was settled. */
interface Paper {
  readonly era: number
  settled: boolean
}

/**
 * The reference: a diary. Every verdict of an era is written down with its time, and each question reads the diary anew. An era ends
 * with each change of state, and with it its permits and its diary.
 */
class Reference {
  readonly changes: Change[] = []
  options: Options
  now: number
  era = 0
  open: { until: number } | undefined
  probation = false
  probe: Paper | undefined
  diary: { at: number; failed: boolean }[] = []

  constructor(options: Options, now: number) {
    this.options = options
    this.now = now
  }

  get state(): BreakerState {
    if (this.open !== undefined) return this.now < this.open.until ? 'open' : 'half_open'
    return this.probation ? 'half_open' : 'closed'
  }

  get retryAfterMs(): number {
    if (this.open !== undefined) return Math.max(0, this.open.until - this.now)
    return this.probe === undefined ? 0 : 1_000
  }

  get isTooMuch(): boolean {
    const { threshold, windowMs } = this.options
    if (windowMs === 0) {
      const tail = this.diary.slice(-threshold)
      return tail.length === threshold && tail.every(({ failed }) => failed)
    }
    const step = (at: number) => Math.floor(at / (windowMs / 10))
    const within = this.diary.filter(({ at }) => step(this.now) - step(at) < 10)
    const failures = within.filter(({ failed }) => failed).length
    return failures >= threshold && failures >= within.length - failures
  }

  enter(state: BreakerState, told = false, forMs = this.options.timeoutMs): void {
    this.open = state === 'open' ? { until: this.now + forMs } : undefined
    this.probation = state === 'half_open'
    this.probe = undefined
    this.diary = []
    this.era += 1
    this.changes.push([state, told])
  }

  acquire(): Paper | undefined {
    if (this.state === 'open') return undefined
    if (this.open !== undefined) this.enter('half_open')
    if (this.probe !== undefined) return undefined
    const paper: Paper = { era: this.era, settled: false }
    if (this.probation) this.probe = paper
    return paper
  }

  settle(paper: Paper, verdict: Verdict): void {
    const counts = !paper.settled && paper.era === this.era
    paper.settled = true
    if (!counts) return
    if (this.probe === paper) this.probe = undefined
    if (verdict === 'release') return
    if (this.probation) return this.enter(verdict === 'success' ? 'closed' : 'open')
    this.diary.push({ at: this.now, failed: verdict === 'failure' })
    if (verdict === 'failure' && this.isTooMuch) this.enter('open')
  }

  hold(milliseconds: number): void {
    const forMs = Math.min(milliseconds, this.options.timeoutMs)
    if (Number.isNaN(forMs) || forMs <= 0) return
    if (this.state !== 'open') this.enter('open', true, forMs)
    else if (this.open !== undefined) this.open.until = Math.max(this.open.until, this.now + forMs)
  }

  configure(options: Options): void {
    if (options.windowMs !== this.options.windowMs) this.diary = []
    this.options = options
  }
}

const optionsOf = fc.record({
  threshold: fc.integer({ min: 1, max: 4 }),
  timeoutMs: fc.constantFrom(0, 50, 100, 100),
  windowMs: fc.constantFrom(0, 0, 100, 300),
})
const pick = fc.nat({ max: 30 })
const step = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ kind: 'acquire' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      // 0 is the newest permit. Settled ones stay in the list, so that some are settled twice, and some too late.
      pick: fc.oneof(fc.constant(0), pick),
      verdict: fc.constantFrom<Verdict>('success', 'failure', 'failure', 'failure', 'release'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.nat({ max: 130 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('hold' as const),
      ms: fc.constantFrom(-5, 0, 20, 60, 500, Number.NaN),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('configure' as const), options: optionsOf }) },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** A breaker and its reference, side by side. */
class Pair {
  readonly model: Reference
  readonly #clock = new ManualClock()
  readonly #breaker: Breaker
  readonly #changes: Change[] = []
  readonly #admitted: boolean[] = []
  readonly #expected: boolean[] = []
  readonly #held: { permit: Permit; paper: Paper }[] = []

  constructor(options: Options) {
    this.#breaker = new Breaker(options, this.#clock)
    this.#breaker.onChange = (state, told) => this.#changes.push([state, told])
    this.model = new Reference(options, this.#clock.now())
  }

  apply(each: Step): void {
    switch (each.kind) {
      case 'acquire':
        return this.#acquire()
      case 'settle': {
        const chosen = this.#held.at(-1 - (each.pick % Math.max(1, this.#held.length)))
        if (chosen === undefined) return
        chosen.permit[each.verdict]()
        return this.model.settle(chosen.paper, each.verdict)
      }
      case 'advance':
        this.#clock.advance(each.ms)
        this.model.now = this.#clock.now()
        return
      case 'hold':
        this.#breaker.hold(each.ms)
        return this.model.hold(each.ms)
      case 'configure':
        this.#breaker.configure(each.options)
        return this.model.configure(each.options)
    }
  }

  /** What can be seen of the breaker, and what should be. */
  get views(): readonly [seen: unknown, expected: unknown] {
    const { model } = this
    return [
      [this.#breaker.state, this.#breaker.retryAfterMs(), this.#changes, this.#admitted],
      [model.state, model.retryAfterMs, model.changes, this.#expected],
    ]
  }

  #acquire(): void {
    const permit = this.#breaker.acquire()
    const paper = this.model.acquire()
    this.#admitted.push(permit !== undefined)
    this.#expected.push(paper !== undefined)
    if (permit !== undefined && paper !== undefined) this.#held.push({ permit, paper })
  }
}

test('a breaker behaves like its reference under any sequence of events, in both ways of counting', () => {
  const ways = new Set<string>()
  fc.assert(
    fc.property(optionsOf, fc.array(step, { minLength: 20, maxLength: 120 }), (options, steps) => {
      const pair = new Pair(options)
      for (const each of steps) {
        const before = pair.model.state
        const changed = pair.model.changes.length
        const counting = pair.model.options.windowMs > 0 ? 'in a window' : 'in a row'
        pair.apply(each)
        const [seen, expected] = pair.views
        expect(seen).toEqual(expected)
        for (const [state] of pair.model.changes.slice(changed)) {
          ways.add(`${each.kind}, ${counting}: ${before} to ${state}`)
        }
      }
    }),
    { numRuns: 600 },
  )
  // A generator that reaches nothing proves nothing.
  const wanted = ['in a row', 'in a window'].flatMap((counting) => [
    `settle, ${counting}: closed to open`,
    `settle, ${counting}: half_open to open`,
    `settle, ${counting}: half_open to closed`,
    `acquire, ${counting}: half_open to half_open`,
    `hold, ${counting}: closed to open`,
    `hold, ${counting}: half_open to open`,
  ])
  expect(wanted.filter((way) => !ways.has(way))).toEqual([])
})
