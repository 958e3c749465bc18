import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { differences, frozenCopy, notJson } from './difference.ts'

test('equal JSON values do not differ, others do', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(differences(a, structuredClone(a))).toEqual([])
      const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown
      const same = JSON.stringify(sorted(plain(a))) === JSON.stringify(sorted(plain(b)))
      expect(differences(plain(a), plain(b)).length === 0).toBe(same)
    }),
  )
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .map(([name, member]) => [name, sorted(member)])
    .concat([['{}', 0]])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

test('every difference is named with its path', () => {
  expect(differences({ a: [1, { b: 'x' }], c: 1 }, { a: [1, { b: 'y' }, 2], d: undefined })).toEqual([
    '$.a[1].b: expected "x", found "y"',
    '$.a[2]: expected nothing, found 2',
    '$.c: expected 1, found nothing',
  ])
})

test.each<[unknown, string[]]>([
  [{ a: [1, null, 'x', true], b: undefined }, []],
  [{ a: NaN }, ['$.a: NaN is not JSON']],
  [{ a: [1n] }, ['$.a[0]: a bigint is not JSON']],
  [{ a: () => 1 }, ['$.a: a function is not JSON']],
  [{ a: new Date(0) }, ['$.a: not a plain object']],
])('%o', (value, problems) => {
  expect(notJson(value)).toEqual(problems)
})

test('a value that contains itself is not JSON', () => {
  const value: { self?: unknown } = {}
  value.self = value
  expect(notJson(value)).toEqual(['$.self: contains itself'])
})

test('a frozen copy is frozen to the bottom, the original is not', () => {
  const original = { a: [{ b: 1 }] }
  const copy = frozenCopy(original)
  expect(() => Object.assign(copy.a[0] ?? {}, { b: 2 })).toThrow(TypeError)
  original.a.pop()
  expect(copy.a).toHaveLength(1)
})
