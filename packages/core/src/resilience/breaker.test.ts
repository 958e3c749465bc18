import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Breaker, type BreakerState } from './breaker.ts'

function breakerOf(threshold: number, timeoutMs: number, windowMs = 0) {
  const clock = new ManualClock()
  const breaker = new Breaker({ threshold, timeoutMs, windowMs }, clock)
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

describe('a breaker with a window', () => {
  test('opens at failures that are not in a row, when they are half of the attempts', () => {
    const { breaker, permit } = breakerOf(3, 1_000, 10_000)
    for (const verdict of ['failure', 'success', 'failure', 'success', 'success', 'success'] as const) {
      permit()[verdict]()
    }
    permit().failure()
    expect(breaker.state).toBe('closed')
    permit().failure()
    expect(breaker.state).toBe('open')
    expect(breaker.retryAfterMs()).toBe(1_000)
  })

  test('forgets what is older than the window, and what was before it opened', () => {
    const { breaker, permit, clock } = breakerOf(2, 1_000, 10_000)
    permit().failure()
    clock.advance(10_000)
    permit().failure()
    expect(breaker.state).toBe('closed')
    clock.advance(8_999)
    permit().failure()
    expect(breaker.state).toBe('open')
    clock.advance(1_000)
    permit().success()
    permit().failure()
    expect(breaker.state).toBe('closed')
  })

  test('counts anew when a reload changes how it counts, and goes on when it does not', () => {
    const { breaker, permit } = breakerOf(2, 1_000, 10_000)
    permit().failure()
    breaker.configure({ threshold: 2, timeoutMs: 500, windowMs: 10_000 })
    permit().failure()
    expect(breaker.retryAfterMs()).toBe(500)
    breaker.configure({ threshold: 2, timeoutMs: 500 })
    expect(breaker.retryAfterMs()).toBe(500)
    const { breaker: other, permit: another } = breakerOf(2, 1_000)
    another().failure()
    other.configure({ threshold: 2, timeoutMs: 1_000, windowMs: 5_000 })
    another().failure()
    expect(other.state).toBe('closed')
    other.configure({ threshold: 2, timeoutMs: 1_000 })
    another().failure()
    expect(other.state).toBe('closed')
  })
})

describe('a breaker that is told of failures elsewhere', () => {
  test('opens for that long, for its own time at most, and settles nothing of before', () => {
    const { breaker, permit, clock } = breakerOf(1, 1_000)
    const old = permit()
    breaker.hold(400)
    expect(breaker.retryAfterMs()).toBe(400)
    breaker.hold(5_000)
    breaker.hold(10)
    expect(breaker.retryAfterMs()).toBe(1_000)
    old.success()
    expect(breaker.state).toBe('open')
    clock.advance(1_000)
    permit().success()
    expect(breaker.state).toBe('closed')
  })

  test.each([0, -1, Number.NaN])('does not open for %d ms', (milliseconds) => {
    const { breaker, changes } = breakerOf(1, 1_000)
    breaker.hold(milliseconds)
    expect([breaker.state, changes]).toEqual(['closed', []])
  })
})
