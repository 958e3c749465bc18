import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Watch, type WatchLimits } from './watch.ts'

const never = Infinity

function watched(limits: Partial<WatchLimits>) {
  const clock = new ManualClock(0)
  const events: string[] = []
  const all = {
    firstByteMs: never,
    deadlineAt: never,
    idleMs: never,
    streamEndAt: never,
    keepaliveMs: never,
    ...limits,
  }
  const watch = new Watch(
    clock,
    all,
    {
      timedOut: (phase) => events.push(`${phase} at ${clock.now()}`),
      keepalive: () => events.push(`keepalive at ${clock.now()}`),
    },
    0,
  )
  return { clock, watch, events }
}

test('silence inside an answer is noticed on time, however far off the first-byte limit was', () => {
  const { clock, watch, events } = watched({ firstByteMs: 300_000, idleMs: 50 })
  clock.advance(10)
  watch.heard()
  clock.advance(40)
  watch.heard()
  clock.advance(1000)
  expect(events).toEqual(['idle at 100'])
})

test("a stream's own end counts from its first event, even when it lies before the deadline", () => {
  const { clock, watch, events } = watched({ deadlineAt: 300_000, streamEndAt: 200 })
  watch.heard()
  watch.committed()
  clock.advance(1000)
  expect(events).toEqual(['stream at 200'])
})

test.each<[string, Partial<WatchLimits>, readonly string[]]>([
  ['first byte', { firstByteMs: 100 }, ['first_byte at 100']],
  ['deadline', { firstByteMs: 500, deadlineAt: 100 }, ['total at 100']],
  ['nothing', {}, []],
])('nothing is heard at all: %s', (_name, limits, expected) => {
  const { clock, events } = watched(limits)
  clock.advance(99)
  expect(events).toEqual([])
  clock.advance(10 ** 9)
  expect(events).toEqual(expected)
  expect(clock.pending).toBe(0)
})

test('a byte at half of the idle limit, for ten times the limit, is no silence; the limit of the whole still holds', () => {
  for (const [streamEndAt, expected] of [
    [never, 'idle at 1100'],
    [600, 'stream at 600'],
  ] as const) {
    const { clock, watch, events } = watched({ firstByteMs: 100, idleMs: 100, streamEndAt })
    watch.heard()
    watch.committed()
    for (let index = 0; index < 20; index++) {
      clock.advance(50)
      watch.heard()
    }
    clock.advance(1_000)
    expect(events).toEqual([expected])
  }
})

test('the first-byte limit of a job is that of its result, however often its state is told', () => {
  for (const [firstByteMs, expected] of [
    [300, ['first_byte at 300']],
    [never, []],
  ] as const) {
    const { clock, watch, events } = watched({ firstByteMs, idleMs: 100 })
    for (let index = 0; index < 10; index++) {
      watch.heard()
      watch.following()
      watch.expectSilence(40)
      clock.advance(40)
    }
    watch.stop()
    expect(events).toEqual(expected)
  }
})

test('limits and keepalives are back after a pause, however long it was', () => {
  const { clock, watch, events } = watched({ idleMs: 100, keepaliveMs: 30 })
  watch.heard()
  watch.committed()
  watch.wrote()
  watch.paused(true)
  clock.advance(10_000)
  expect(events).toEqual([])
  watch.paused(false)
  watch.wrote()
  clock.advance(1000)
  expect(events).toEqual(['keepalive at 10030', 'keepalive at 10060', 'keepalive at 10090', 'idle at 10100'])
})

test('bytes cost no timer operation', () => {
  const { clock, watch } = watched({ firstByteMs: 1000, idleMs: 500 })
  watch.heard()
  const before = clock.pending
  for (let index = 0; index < 100; index++) {
    clock.advance(1)
    watch.heard()
    watch.wrote()
  }
  expect(clock.pending).toBe(before)
  watch.stop()
  expect(clock.pending).toBe(0)
})
