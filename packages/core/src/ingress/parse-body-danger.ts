import { maxJsonDepth } from '../exchange/json-bulk.ts'

/** Containers inside containers, the body itself included. */
export const MAX_DEPTH = maxJsonDepth

/** Something in a parsed body that must not get any further. */
export interface Danger {
  readonly kind: 'depth' | 'key'
  /** JSON path of the value or key. */
  readonly path: string
}

/**
 * Finds values nested deeper than {@link MAX_DEPTH}, keys called `__proto__` and `constructor: { prototype }`, which
 * turn into other objects' prototypes in careless code. Costs no allocation when there is nothing to find.
 */
export function findDanger(body: object): Danger | undefined {
  const found = Array.isArray(body) ? inArray(body, 1) : inObject(body, 1)
  if (found === undefined) return undefined
  return { kind: found.kind, path: found.path.toReversed().reduce(joined, '') }
}

/** The path is collected from the inside out, when the way back is taken anyway. */
interface Found {
  readonly kind: Danger['kind']
  readonly path: (string | number)[]
}

function inObject(object: object, depth: number): Found | undefined {
  for (const key in object) {
    if (key === '__proto__') return { kind: 'key', path: [key] }
    const value = (object as Record<string, unknown>)[key]
    if (typeof value !== 'object' || value === null) continue
    if (key === 'constructor' && Object.hasOwn(value, 'prototype')) {
      return { kind: 'key', path: ['prototype', key] }
    }
    if (depth === MAX_DEPTH) return { kind: 'depth', path: [key] }
    const found = Array.isArray(value) ? inArray(value, depth + 1) : inObject(value, depth + 1)
    if (found !== undefined) return outward(found, key)
  }
  return undefined
}

function inArray(array: readonly unknown[], depth: number): Found | undefined {
  for (let index = 0; index < array.length; index++) {
    const value = array[index]
    if (typeof value !== 'object' || value === null) continue
    if (depth === MAX_DEPTH) return { kind: 'depth', path: [index] }
    const found = Array.isArray(value) ? inArray(value, depth + 1) : inObject(value, depth + 1)
    if (found !== undefined) return outward(found, index)
  }
  return undefined
}

function outward(found: Found, step: string | number): Found {
  found.path.push(step)
  return found
}

/** `a`, `b`, 0 → `a.b[0]`; keys that are no words are quoted. */
function joined(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`
  if (!/^\w{1,64}$/.test(step)) return `${path}[${JSON.stringify(step.slice(0, 64))}]`
  return path === '' ? step : `${path}.${step}`
}
