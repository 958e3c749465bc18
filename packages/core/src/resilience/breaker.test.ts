import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Breaker, type BreakerState, type Permit } from './breaker.ts'

function breakerOf(threshold: number, timeoutMs: number) {
  const clock = new ManualClock()
  const breaker = new Breaker({ threshold, timeoutMs }, clock)
  const changes: BreakerState[] = []
  breaker.onChange = (state) => changes.push(state)
  return { clock, breaker, changes, permit: () => breaker.acquire()! }
}

describe('a breaker', () => {
  test('opens after consecutive failures only', () => {
    const { breaker, permit } = breakerOf(3, 1_000)
    permit().failure()
    permit().failure()
    permit().success()
    permit().failure()
    permit().failure()
    expect(breaker.state).toBe('closed')
    permit().failure()
    expect(breaker.state).toBe('open')
    expect(breaker.acquire()).toBeUndefined()
    expect(breaker.retryAfterMs()).toBe(1_000)
  })

  test('stays closed through any number of released permits', () => {
    const { breaker, permit } = breakerOf(1, 1_000)
    for (let count = 0; count < 100; count += 1) permit().release()
    expect(breaker.state).toBe('closed')
  })

  test('admits one probe after its time, and closes on its success', () => {
    const { breaker, permit, clock, changes } = breakerOf(1, 1_000)
    permit().failure()
    clock.advance(999)
    expect(breaker.acquire()).toBeUndefined()
    expect(breaker.state).toBe('open')
    clock.advance(1)
    expect(breaker.state).toBe('half_open')
    expect(breaker.retryAfterMs()).toBe(0)
    const probe = permit()
    expect(breaker.acquire()).toBeUndefined()
    expect(breaker.retryAfterMs()).toBe(1_000)
    probe.success()
    expect(breaker.state).toBe('closed')
    expect(changes).toEqual(['open', 'half_open', 'closed'])
  })

  test('opens again when the probe fails', () => {
    const { breaker, permit, clock } = breakerOf(5, 1_000)
    for (let count = 0; count < 5; count += 1) permit().failure()
    clock.advance(1_000)
    permit().failure()
    expect(breaker.state).toBe('open')
    expect(breaker.retryAfterMs()).toBe(1_000)
  })

  test('takes the probe’s slot back when it is released', () => {
    const { breaker, permit, clock } = breakerOf(1, 1_000)
    permit().failure()
    clock.advance(1_000)
    permit().release()
    expect(breaker.state).toBe('half_open')
    permit().success()
    expect(breaker.state).toBe('closed')
  })

  test('is not closed by an old stream that ends well, nor reopened by one that ends badly', () => {
    const { breaker, permit, clock } = breakerOf(1, 1_000)
    const [slow, slower] = [permit(), permit()]
    permit().failure()
    slow.success()
    expect(breaker.state).toBe('open')
    clock.advance(1_000)
    permit().success()
    slower.failure()
    expect(breaker.state).toBe('closed')
  })

  test('counts the first verdict of a permit only', () => {
    const { breaker, permit } = breakerOf(2, 1_000)
    const twice = permit()
    twice.failure()
    twice.failure()
    expect(breaker.state).toBe('closed')
    const settled = permit()
    settled.release()
    settled.failure()
    expect(breaker.state).toBe('closed')
  })

  test('takes new limits without losing its count', () => {
    const { breaker, permit } = breakerOf(5, 1_000)
    permit().failure()
    breaker.configure({ threshold: 2, timeoutMs: 50 })
    permit().failure()
    expect(breaker.retryAfterMs()).toBe(50)
  })
})

/** The reference: a log of verdicts in eras. An era ends with each change of state, and with it all its permits. */
class Reference {
  state: BreakerState = 'closed'
  era = 0
  run = 0
  reopenAt = 0
  probes = 0

  acquire(now: number, timeout: number): number | undefined {
    if (this.state === 'open' && now >= this.reopenAt) this.enter('half_open', now, timeout)
    if (this.state === 'open' || (this.state === 'half_open' && this.probes === 1)) return undefined
    if (this.state === 'half_open') this.probes = 1
    return this.era
  }

  settle(era: number, verdict: string, now: number, threshold: number, timeout: number): void {
    if (era !== this.era) return
    this.probes = 0
    if (verdict === 'success') {
      this.run = 0
      if (this.state === 'half_open') this.enter('closed', now, timeout)
    }
    if (verdict === 'failure') {
      this.run += 1
      if (this.state === 'half_open' || this.run >= threshold) this.enter('open', now, timeout)
    }
  }

  enter(state: BreakerState, now: number, timeout: number): void {
    Object.assign(this, { state, era: this.era + 1, run: 0, probes: 0, reopenAt: now + timeout })
  }
}

test('a breaker behaves like its model under any sequence of verdicts', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('acquire' as const) }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 150 }) }),
    fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(),
      verdict: fc.constantFrom('success', 'failure', 'failure', 'release'),
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 80 }), (threshold, steps) => {
      const { breaker, clock } = breakerOf(threshold, 100)
      const model = new Reference()
      const agreed: boolean[] = []
      const held: { permit: Permit; era: number }[] = []
      for (const each of steps) {
        if (each.do === 'wait') clock.advance(each.ms)
        if (each.do === 'acquire') {
          const permit = breaker.acquire()
          const era = model.acquire(clock.now(), 100)
          agreed.push((permit === undefined) === (era === undefined))
          if (permit !== undefined && era !== undefined) held.push({ permit, era })
        }
        if (each.do === 'settle') {
          // Permits stay in the list, so that some are settled twice, which must change nothing.
          const chosen = held.at(each.which % Math.max(1, held.length))
          chosen?.permit[each.verdict]()
          model.settle(chosen?.era ?? -1, each.verdict, clock.now(), threshold, 100)
          if (chosen !== undefined) chosen.era = -1
        }
        const due = model.state === 'open' && clock.now() >= model.reopenAt
        agreed.push(breaker.state === (due ? 'half_open' : model.state))
      }
      expect(agreed).not.toContain(false)
    }),
    { numRuns: 500 },
  )
})
