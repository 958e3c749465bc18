import { expect, test } from 'vitest'
import { Generations } from './generation.ts'
import type { Snapshot } from './snapshot.ts'

/** Connections that note when they are closed. */
function upstream(name: string, closed: string[]) {
  return { name, close: () => Promise.resolve(void closed.push(name)) }
}

/** A snapshot with these connections and nothing else; each provider may have others of its own. */
function snapshot(...upstreams: readonly (object | undefined)[]): Snapshot {
  const live = new Map(
    upstreams.map((each, index) => [`p${index}`, { upstream: each, elsewhere: each ?? {} }]),
  )
  return { live } as unknown as Snapshot
}

test('a snapshot that nobody uses is closed when it is replaced', () => {
  const closed: string[] = []
  const generations = new Generations(snapshot(upstream('a', closed)))
  generations.replace(snapshot(upstream('b', closed)))
  expect(new Set(closed)).toEqual(new Set(['a']))
})

test('one that is in use is closed by the last request that leaves it, not by others', () => {
  const closed: string[] = []
  const generations = new Generations(snapshot(upstream('a', closed)))
  const [first, second] = [generations.enter(), generations.enter()]
  generations.replace(snapshot(upstream('b', closed)))
  const third = generations.enter()
  expect(third.snapshot).toBe(generations.snapshot)
  for (const done of [third, first]) {
    generations.leave(done)
    expect(closed).toEqual([])
  }
  generations.leave(second)
  expect(new Set(closed)).toEqual(new Set(['a']))
})

test('connections that another generation has too stay open until the last of them is over', () => {
  const closed: string[] = []
  const [shared, own] = [upstream('shared', closed), upstream('own', closed)]
  const generations = new Generations(snapshot(shared, own))
  const first = generations.enter()
  generations.replace(snapshot(shared))
  const second = generations.enter()
  generations.replace(snapshot(upstream('new', closed)))
  generations.leave(first)
  expect(new Set(closed)).toEqual(new Set(['own']))
  generations.leave(second)
  expect(new Set(closed)).toEqual(new Set(['own', 'shared']))
})

test('twenty reloads under one request keep only what the request and the present need', () => {
  const closed: string[] = []
  const generations = new Generations(snapshot(upstream('0', closed)))
  const running = generations.enter()
  for (let n = 1; n <= 20; n += 1) generations.replace(snapshot(upstream(String(n), closed)))
  expect(new Set(closed).size).toBe(19)
  expect(generations.upstreams().size).toBe(2)
  generations.leave(running)
  expect([new Set(closed).size, generations.upstreams().size]).toEqual([20, 1])
})

test('what outlives its request keeps the connections until it lets go of them', () => {
  const closed: string[] = []
  const generations = new Generations(snapshot(upstream('a', closed)))
  const request = generations.enter()
  const release = generations.hold(request.snapshot)
  generations.replace(snapshot(upstream('b', closed)))
  const later = generations.hold(request.snapshot)
  generations.leave(request)
  release()
  expect(closed).toEqual([])
  later()
  expect(new Set(closed)).toEqual(new Set(['a']))
})

test('of the present, they stay open, and those of a snapshot that is gone cannot be kept', () => {
  const closed: string[] = []
  const first = snapshot(upstream('a', closed))
  const generations = new Generations(first)
  generations.hold(first)()
  expect(closed).toEqual([])
  generations.replace(snapshot(upstream('b', closed)))
  expect(new Set(closed)).toEqual(new Set(['a']))
  generations.hold(first)()
  expect(generations.upstreams().size).toBe(1)
})
