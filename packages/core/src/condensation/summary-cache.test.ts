import * as fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { type KnownSummary, SummaryCache } from './summary-cache.ts'

const roomy = { ttlMs: 300_000, maxBytes: 1_000_000 }
const summary = (text: string): KnownSummary => ({ text, leftOut: {} })

function openCache(limits: { ttlMs?: number; maxBytes?: number } = {}) {
  const clock = new ManualClock()
  const cache = new SummaryCache(clock, { ...roomy, ...limits })
  const texts = (...keys: string[]) => keys.map((key) => cache.get('a', key)?.text)
  const setAll = (...keys: string[]) => {
    for (const key of keys) cache.set('a', key, summary(`of ${key}`))
  }
  return { clock, cache, texts, setAll }
}

/** What a cache counts for one summary whose key is a digit. */
function sizeOf(text: string): number {
  const { cache } = openCache()
  cache.set('a', '1', summary(text))
  return cache.bytes
}

test('a summary is found until its time is over, to the millisecond, however often it is used', () => {
  const { clock, cache, texts, setAll } = openCache({ ttlMs: 1_000 })
  setAll('1')
  clock.advance(500)
  expect(texts('1')).toEqual(['of 1'])
  setAll('2')
  clock.advance(499)
  expect([texts('1', '2'), cache.size]).toEqual([['of 1', 'of 2'], 2])
  clock.advance(1)
  expect([texts('1', '2'), cache.size]).toEqual([[undefined, 'of 2'], 1])
  // Set again, it begins anew.
  setAll('2')
  clock.advance(999)
  expect(texts('2')).toEqual(['of 2'])
  clock.advance(1)
  expect([cache.size, cache.bytes]).toEqual([0, 0])
})

test('of too many, those that were not used for longest go', () => {
  const { cache, texts, setAll } = openCache({ maxBytes: 3 * sizeOf('of 1') })
  setAll('1', '2', '3')
  expect(cache.size).toBe(3)
  cache.get('a', '1')
  setAll('4')
  expect(texts('1', '2', '3', '4')).toEqual(['of 1', undefined, 'of 3', 'of 4'])
  setAll('3')
  setAll('5')
  expect(texts('1', '3', '4', '5')).toEqual([undefined, 'of 3', 'of 4', 'of 5'])
})

test('a summary takes the place of as many as it needs; one that is larger than everything is not kept, and takes none', () => {
  const large = 'x'.repeat(1_000)
  const { cache, texts, setAll } = openCache({ maxBytes: sizeOf(large) })
  setAll('1', '2')
  cache.set('a', '3', summary(`${large}x`))
  expect(texts('1', '2', '3')).toEqual(['of 1', 'of 2', undefined])
  cache.set('a', '3', summary(large))
  expect([texts('1', '2', '3'), cache.bytes]).toEqual([[undefined, undefined, large], sizeOf(large)])
  // Nor does it leave there what it was to replace.
  cache.set('a', '3', summary(`${large}x`))
  expect([texts('3'), cache.size, cache.bytes]).toEqual([[undefined], 0, 0])
})

test('what was left out, and keys, are counted as well', () => {
  const { cache } = openCache()
  cache.set('a', '1', { text: '', leftOut: { image: 1 } })
  expect(cache.bytes).toBeGreaterThan(sizeOf(''))
  const before = cache.bytes
  cache.set('a'.repeat(1_000), '1', summary(''))
  expect(cache.bytes).toBeGreaterThan(before + 2_000)
})

test('two callers with equal keys have summaries of their own', () => {
  const { cache, setAll } = openCache()
  setAll('1')
  expect(cache.get('b', '1')).toBeUndefined()
  cache.set('b', '1', { text: 'of b', leftOut: { image: 2 } })
  expect([cache.get('a', '1'), cache.get('b', '1')]).toEqual([
    { text: 'of 1', leftOut: {} },
    { text: 'of b', leftOut: { image: 2 } },
  ])
  // No caller can take a name that makes it another one.
  cache.set('a', 'b1', summary('of a'))
  cache.set('1:a', '1', summary('of 1:a'))
  expect([cache.get('ab', '1'), cache.get('', 'ab1'), cache.get('a', '11')]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
  expect(cache.size).toBe(4)
})

test('what is too old goes before what was not used for longest, whatever makes room', () => {
  const { clock, cache, texts, setAll } = openCache()
  setAll('1')
  clock.advance(1_000)
  setAll('2')
  cache.get('a', '1')
  cache.configure({ ttlMs: 1_000, maxBytes: sizeOf('of 1') })
  expect(texts('1', '2')).toEqual([undefined, 'of 2'])
})

test('a summary that is set again is as old as that, and those behind it are not', () => {
  const { clock, texts, setAll } = openCache({ ttlMs: 1_000 })
  setAll('1', '2')
  clock.advance(500)
  setAll('1')
  clock.advance(500)
  expect(texts('1', '2')).toEqual(['of 1', undefined])
})

test('other limits hold at once', () => {
  const { clock, cache, texts, setAll } = openCache()
  setAll('1')
  clock.advance(1_000)
  setAll('2', '3')
  cache.configure({ ...roomy, ttlMs: 1_000 })
  expect(texts('1', '2', '3')).toEqual([undefined, 'of 2', 'of 3'])
  cache.configure({ ...roomy, maxBytes: sizeOf('of 1') })
  expect([cache.size, texts('3')]).toEqual([1, ['of 3']])
  cache.configure({ ...roomy, ttlMs: 0 })
  expect([cache.size, cache.bytes]).toEqual([0, 0])
  setAll('4')
  expect(cache.size).toBe(0)
  cache.configure({ ...roomy, maxBytes: 0 })
  setAll('5')
  expect(cache.size).toBe(0)
  cache.configure(roomy)
  setAll('6')
  expect(texts('4', '5', '6')).toEqual([undefined, undefined, 'of 6'])
})

test('what nobody asks for any more is forgotten as well, by one timer that is there while it is needed', () => {
  const { clock, cache, setAll } = openCache({ ttlMs: 10_000 })
  const after = vi.spyOn(clock, 'after')
  setAll('1')
  clock.advance(5_000)
  setAll('2', '3')
  clock.advance(9_999)
  expect(clock.pending).toBe(1)
  // It goes on while there is something to forget: nobody has looked.
  clock.advance(1)
  expect([clock.pending, after.mock.calls.length]).toEqual([0, 2])

  // Not one wake-up for each of many.
  for (let index = 0; index < 100; index += 1) {
    setAll(`${index}`)
    clock.advance(1)
  }
  clock.advance(11_000)
  expect([clock.pending, after.mock.calls.length]).toEqual([0, 4])
  setAll('1')
  cache.configure({ ...roomy, ttlMs: 20_000 })
  clock.advance(19_999)
  expect(clock.pending).toBe(1)
  cache.configure({ ...roomy, ttlMs: 0 })
  expect(clock.pending).toBe(0)
})

const word = fc.constantFrom('', 'a', 'b', 'ab')
const limits = fc.record({
  ttlMs: fc.constantFrom(0, 1, 50, 300),
  maxBytes: fc.constantFrom(0, 1_000, 2_500, 4_000, 100_000),
})
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ set: fc.tuple(word, word), length: fc.nat(800) }) },
  { weight: 6, arbitrary: fc.record({ get: fc.tuple(word, word) }) },
  { weight: 3, arbitrary: fc.record({ advance: fc.nat(120) }) },
  { weight: 1, arbitrary: fc.record({ configure: limits }) },
)

interface Kept {
  readonly caller: string
  readonly key: string
  readonly text: string
  readonly bytes: number
  readonly setAt: number
}

/** The same as a list, in the order of use, that is searched anew each time. */
class NaiveCache {
  kept: Kept[] = []
  now = 0
  limits: { ttlMs: number; maxBytes: number }

  constructor(given: { ttlMs: number; maxBytes: number }) {
    this.limits = given
  }

  get(caller: string, key: string): string | undefined {
    this.tidy()
    const found = this.kept.find((each) => each.caller === caller && each.key === key)
    if (found !== undefined) this.kept = [...this.kept.filter((each) => each !== found), found]
    return found?.text
  }

  set(one: Omit<Kept, 'setAt'>): void {
    this.kept = this.kept.filter(({ caller, key }) => caller !== one.caller || key !== one.key)
    if (one.bytes <= this.limits.maxBytes) this.kept.push({ ...one, setAt: this.now })
    this.tidy()
  }

  tidy(): void {
    const { ttlMs, maxBytes } = this.limits
    this.kept = this.kept.filter(({ setAt }) => this.now < setAt + ttlMs)
    while (this.bytes > maxBytes) this.kept.shift()
  }

  get bytes(): number {
    return this.kept.reduce((sum, { bytes }) => sum + bytes, 0)
  }
}

type Step = typeof step extends fc.Arbitrary<infer Each> ? Each : never

/** Takes a step with both, and gives what they found. */
function take(each: Step, clock: ManualClock, cache: SummaryCache, naive: NaiveCache) {
  if ('get' in each) return [cache.get(...each.get)?.text, naive.get(...each.get)]
  if ('set' in each) {
    const [[caller, key], text] = [each.set, 'x'.repeat(each.length)]
    const alone = new SummaryCache(clock, roomy)
    for (const one of [alone, cache]) one.set(caller, key, summary(text))
    naive.set({ caller, key, text, bytes: alone.bytes })
  } else if ('advance' in each) {
    clock.advance(each.advance)
    naive.now += each.advance
  } else {
    cache.configure(each.configure)
    naive.limits = each.configure
  }
  return [undefined, undefined]
}

test('it gives what a list that is searched anew each time would give', () => {
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60 }), (first, steps) => {
      const clock = new ManualClock()
      const cache = new SummaryCache(clock, first)
      const naive = new NaiveCache(first)
      for (const each of steps) {
        const [found, wanted] = take(each, clock, cache, naive)
        expect(found).toBe(wanted)
        naive.tidy()
        expect([cache.size, cache.bytes]).toEqual([naive.kept.length, naive.bytes])
      }
    }),
  )
})
