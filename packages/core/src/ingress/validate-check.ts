import { invalidRequest } from '../errors.ts'

/** Throws a `GatewayError` 400 that names `path` when `value` does not fit. */
export type Check = (value: unknown, path: string) => void

/** The check of each known member. A member that is absent is not checked; unknown members always pass. */
export type Shape = readonly (readonly [name: string, check: Check])[]

/** What a value is, in words, without showing it: bodies hold what people wrote. */
export function found(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array'
  if (value === '') return 'an empty string'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The one message for a wrong shape. */
export function wrong(path: string, expected: string, value: unknown): never {
  const message =
    value === undefined
      ? `${path} is missing: it must be ${expected}`
      : `${path} must be ${expected}, found ${found(value)}`
  throw invalidRequest(message, path, value === undefined ? 'missing_required_parameter' : 'invalid_value')
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Checks the members of `value` that `shape` names. `prefix` is its path with a dot, or empty for the body. */
export function checkMembers(value: Record<string, unknown>, shape: Shape, prefix: string): void {
  for (const [name, check] of shape) {
    const member = value[name]
    if (member !== undefined) check(member, prefix === '' ? name : `${prefix}.${name}`)
  }
}

export const string: Check = (value, path) => {
  if (typeof value !== 'string') wrong(path, 'a string', value)
}

export const nonEmptyString: Check = (value, path) => {
  if (typeof value !== 'string' || value === '') wrong(path, 'a non-empty string', value)
}

export const stringOrNull: Check = (value, path) => {
  if (value !== null && typeof value !== 'string') wrong(path, 'a string or null', value)
}

export const booleanOrNull: Check = (value, path) => {
  if (value !== null && typeof value !== 'boolean') wrong(path, 'true, false or null', value)
}

export const numberOrNull: Check = (value, path) => {
  if (value !== null && !(typeof value === 'number' && Number.isFinite(value)))
    wrong(path, 'a number or null', value)
}

export const integerOrNull: Check = (value, path) => {
  if (value !== null && !Number.isInteger(value)) wrong(path, 'an integer or null', value)
}

export const positiveOrNull: Check = (value, path) => {
  if (value !== null && !(Number.isInteger(value) && (value as number) > 0)) {
    wrong(path, 'a positive integer or null', value)
  }
}

export const objectOrNull: Check = (value, path) => {
  if (value !== null && !isRecord(value)) wrong(path, 'an object or null', value)
}

/** One of the words, or `null`. */
export function oneOf(...words: readonly string[]): Check {
  const expected = `${words.map((word) => JSON.stringify(word)).join(' or ')} or null`
  return (value, path) => {
    if (value !== null && !words.includes(value as string)) wrong(path, expected, value)
  }
}

/** An array (or `null`) whose elements all pass `check`. */
export function listOrNull(check: Check, expected: string): Check {
  return (value, path) => {
    if (value === null) return
    if (!Array.isArray(value)) wrong(path, expected, value)
    const list: readonly unknown[] = value
    for (let index = 0; index < list.length; index++) check(list[index], `${path}[${index}]`)
  }
}
