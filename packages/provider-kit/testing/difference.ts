import { describe, isObject } from './wire-rules.ts'

/** Decides whether two leaves are the same; the default is `Object.is`. */
export type SameLeaf = (expected: unknown, actual: unknown) => boolean

/**
 * Where `actual` differs from `expected` as JSON (members that are `undefined` count as absent), one line for each place.
 * The golden is `expected`.
 */
export function differences(
  expected: unknown,
  actual: unknown,
  same: SameLeaf = Object.is,
  path = '$',
): string[] {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length)
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      differences(expected[index], actual[index], same, `${path}[${index}]`),
    )
  }
  if (isObject(expected) && isObject(actual)) {
    const names = new Set([...Object.keys(expected), ...Object.keys(actual)])
    return [...names].flatMap((name) => differences(expected[name], actual[name], same, `${path}.${name}`))
  }
  return same(expected, actual) ? [] : [`${path}: expected ${describe(expected)}, found ${describe(actual)}`]
}

/** What JSON cannot carry in `value`: numbers that are not finite, functions, class instances, cycles. */
export function notJson(value: unknown, path = '$', above: readonly object[] = []): string[] {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return []
  if (typeof value === 'number') return Number.isFinite(value) ? [] : [`${path}: ${value} is not JSON`]
  if (typeof value !== 'object') return [`${path}: a ${typeof value} is not JSON`]
  if (above.includes(value)) return [`${path}: contains itself`]
  const inside = [...above, value]
  if (Array.isArray(value)) return value.flatMap((item, index) => notJson(item, `${path}[${index}]`, inside))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return [`${path}: not a plain object`]
  return Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : notJson(member, `${path}.${name}`, inside),
  )
}

/** A deep copy of a JSON value that throws when it is written to. */
export function frozenCopy<Value>(value: Value): Value {
  return deepFreeze(structuredClone(value))
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null) return value
  for (const member of Object.values(value)) deepFreeze(member)
  return Object.freeze(value)
}
