import { badRequest, type MockError } from './errors.ts'
import { isObject, type JsonObject } from './schema-instance.ts'

/** Finds the first thing wrong with a body; `undefined` when there is none. */
export type Check = (body: JsonObject) => MockError | undefined

/** What a member must be; `null` and absent are fine unless it is required. */
export interface Member {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'integer' | 'number' | 'array' | 'object'
  readonly required?: boolean
  readonly least?: number
  readonly most?: number
}

/** Checks the types and ranges of top-level members. */
export function checkMembers(members: readonly Member[]): Check {
  return (body) => {
    for (const member of members) {
      const value = body[member.name]
      if (value === undefined || value === null) {
        if (member.required) {
          return badRequest(
            `Missing required parameter: '${member.name}'.`,
            member.name,
            'missing_required_parameter',
          )
        }
        continue
      }
      const problem = wrongType(value, member) ?? outOfRange(value, member)
      if (problem) return badRequest(problem, member.name, 'invalid_value')
    }
    return undefined
  }
}

/** Runs checks in order until one finds something. */
export function firstOf(...checks: readonly Check[]): Check {
  return (body) => {
    for (const check of checks) {
      const problem = check(body)
      if (problem) return problem
    }
    return undefined
  }
}

function wrongType(value: unknown, { name, type }: Member): string | undefined {
  const fits = {
    string: typeof value === 'string',
    boolean: typeof value === 'boolean',
    integer: Number.isInteger(value),
    number: typeof value === 'number',
    array: Array.isArray(value),
    object: isObject(value),
  }
  return fits[type] ? undefined : `Invalid type for '${name}': expected ${type}, found ${nameOf(value)}.`
}

function outOfRange(value: unknown, { name, least, most }: Member): string | undefined {
  const size = Array.isArray(value) ? value.length : value
  if (typeof size !== 'number') return undefined
  const what = Array.isArray(value) ? `the length of '${name}'` : `'${name}'`
  if (least !== undefined && size < least) return `Invalid value: ${what} is ${size}, the least is ${least}.`
  if (most !== undefined && size > most) return `Invalid value: ${what} is ${size}, the most is ${most}.`
  return undefined
}

/** Whether `value` is a string that fits `pattern`. */
export function isNamed(value: unknown, pattern: RegExp): boolean {
  return typeof value === 'string' && pattern.test(value)
}

/** The JSON name of a value's type. */
export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
