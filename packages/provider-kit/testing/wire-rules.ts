/** Reports what is wrong with `value`, each problem with the JSON path. */
export type Rule = (value: unknown, path: string, report: (problem: string) => void) => void

/** A short description of a value for messages: its type, and the value itself when that is short. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') return `an object with ${Object.keys(value).join(', ') || 'no members'}`
  const text =
    typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol'
      ? typeof value
      : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

function typed(expected: string, accepts: (value: unknown) => boolean): Rule {
  return (value, path, report) => {
    if (!accepts(value)) report(`${path}: expected ${expected}, found ${describe(value)}`)
  }
}

export const anything: Rule = () => {}
export const text = typed('a string', (value) => typeof value === 'string')
export const word = typed('a string that is not empty', (value) => typeof value === 'string' && value !== '')
export const count = typed(
  'a whole number of 0 or more',
  (value) => Number.isInteger(value) && Number(value) >= 0,
)
export const number = typed('a finite number', (value) => Number.isFinite(value))

export function oneOf(...values: readonly unknown[]): Rule {
  return typed(values.map((value) => JSON.stringify(value)).join(' or '), (value) => values.includes(value))
}

export function optional(rule: Rule): Rule {
  return (value, path, report) => {
    if (value !== undefined) rule(value, path, report)
  }
}

export function nullable(rule: Rule): Rule {
  return (value, path, report) => {
    if (value !== null) rule(value, path, report)
  }
}

export function list(rule: Rule, least = 0): Rule {
  return (value, path, report) => {
    if (!Array.isArray(value)) return report(`${path}: expected an array, found ${describe(value)}`)
    if (value.length < least) report(`${path}: expected at least ${least}, found ${value.length}`)
    for (const [index, item] of value.entries()) rule(item, `${path}[${index}]`, report)
  }
}

/** Members beyond those named are allowed: vendors add some. */
export function shape(members: Readonly<Record<string, Rule>>): Rule {
  return (value, path, report) => {
    if (!isObject(value)) return report(`${path}: expected an object, found ${describe(value)}`)
    for (const [name, rule] of Object.entries(members)) rule(value[name], `${path}.${name}`, report)
  }
}

/** All of the rules must hold. */
export function every(...rules: readonly Rule[]): Rule {
  return (value, path, report) => {
    for (const rule of rules) rule(value, path, report)
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
