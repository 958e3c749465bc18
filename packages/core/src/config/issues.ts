import { describeValue } from './describe-value.ts'
import { nearest } from './nearest.ts'
import type { ConfigPath } from './problem.ts'
import { repair } from './repair.ts'

/** What zod reports, as far as it is read. Other validators give `message` and `path` only. */
export interface Issue {
  readonly code?: string
  readonly message: string
  readonly path?: readonly unknown[] | undefined
  readonly expected?: string
  readonly keys?: readonly string[]
  readonly values?: readonly unknown[]
  readonly errors?: readonly (readonly Issue[])[]
  readonly issues?: readonly Issue[]
  readonly origin?: string
  readonly minimum?: number | bigint
  readonly maximum?: number | bigint
  readonly inclusive?: boolean
}

/** What the sentences need to know beside the issue. Paths are relative to the validated value. */
export interface IssueContext {
  readonly value: unknown
  /** The value must not be printed. */
  hidden(path: ConfigPath): boolean
  /** The valid keys of the mapping at this path; empty: unknown. */
  keys(path: ConfigPath): readonly string[]
}

export interface Complaint {
  readonly path: ConfigPath
  readonly message: string
  /** The key is wrong, not its value. */
  readonly part?: 'key'
}

/** Turns validation issues into sentences that say what was found and what is expected. */
export function complaints(issues: readonly Issue[], context: IssueContext): Complaint[] {
  return issues.flatMap((issue) => complaint(issue, [], context))
}

/** The path of an issue: standard schemas may wrap its steps. */
export function issuePath(issue: Issue): ConfigPath {
  return (issue.path ?? []).map((step) => {
    const key = typeof step === 'object' && step !== null && 'key' in step ? step.key : step
    return typeof key === 'number' ? key : String(key)
  })
}

function complaint(issue: Issue, base: ConfigPath, context: IssueContext): Complaint[] {
  const path = [...base, ...issuePath(issue)]
  if (issue.code === 'unrecognized_keys') {
    return unknownKeys(issue.keys ?? [], path, context.keys(path))
  }
  if (issue.code === 'invalid_union') return union(issue, path, context)
  const value = valueAt(context.value, path)
  const found = describeValue(value, context.hidden(path))
  const fix = issue.code === 'invalid_type' ? repair(issue.expected, value, isConcealed(found)) : ''
  const message = `${sentence(issue, found, context, path)}${isStock(issue.message) ? fix : ''}`
  return [{ path, message, ...(issue.code === 'invalid_key' && { part: 'key' as const }) }]
}

/** Unknown keys of one mapping that are named; a file with more of them is none of ours, which the first ones show. */
const mostUnknown = 100

function unknownKeys(keys: readonly string[], path: ConfigPath, known: readonly string[]): Complaint[] {
  const named = keys.slice(0, mostUnknown).map((key): Complaint => ({
    path: [...path, key],
    message: unknownKey(key, known),
    part: 'key',
  }))
  const more = keys.length - named.length
  return more === 0 ? named : [...named, { path, message: `${more} more unknown keys` }]
}

/** What is said of a key that is not among the known ones: the nearest, and those that begin with it. */
export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  const begun = key.length < 3 ? [] : known.filter((name) => name.startsWith(`${key}_`))
  // One that was cut short means what begins with it, rather than another that happens to have as many letters in common.
  const cut = key.length < 6 ? [] : known.filter((name) => name.startsWith(key))
  const first = cut.length === 0 || near === undefined || cut.includes(near) ? near : undefined
  const meant = [...new Set([...(first === undefined ? [] : [first]), ...begun, ...cut])].slice(0, 3)
  if (meant.length > 0) return `unknown key; did you mean ${orList(meant.map((name) => `"${name}"`))}?`
  return known.length === 0 || known.length > 12
    ? 'unknown key'
    : `unknown key; known here: ${known.join(', ')}`
}

function sentence(issue: Issue, found: string, context: IssueContext, path: ConfigPath): string {
  const missing = valueAt(context.value, path) === undefined
  if (!isStock(issue.message)) return missing ? issue.message : `${issue.message}; found ${found}`
  switch (issue.code) {
    case 'invalid_type':
      if (missing) return `missing; expected ${kind(issue.expected)}`
      return `expected ${kind(issue.expected)}, found ${found}`
    case 'invalid_value':
      return oneOf(issue.values ?? [], found, valueAt(context.value, path), missing)
    case 'too_small':
      return `${limit(issue, 'at least', 'more than', issue.minimum)}, found ${found}`
    case 'too_big':
      return `${limit(issue, 'at most', 'less than', issue.maximum)}, found ${found}`
    case 'invalid_key':
      return `not a valid name here${issue.issues?.[0] === undefined ? '' : `: ${issue.issues[0].message}`}`
    default:
      return `${issue.message}; found ${found}`
  }
}

/** Messages that the schema library made up, in its own words, as opposed to those that an author wrote. */
function isStock(message: string): boolean {
  return /^(?:Invalid |Too (?:small|big)|Unrecognized )/.test(message) || message === 'Invalid input'
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'null',
}

function kind(expected: string | undefined): string {
  return expected === undefined ? 'something else' : (kinds[expected] ?? expected)
}

function limit(
  issue: Issue,
  inclusive: string,
  exclusive: string,
  bound: number | bigint | undefined,
): string {
  const count = `${issue.inclusive === false ? exclusive : inclusive} ${String(bound)}`
  if (issue.origin === 'string') return `must have ${count} character${Number(bound) === 1 ? '' : 's'}`
  if (issue.origin === 'array') return `must have ${count} item${Number(bound) === 1 ? '' : 's'}`
  return `must be ${count}`
}

function oneOf(values: readonly unknown[], found: string, value: unknown, missing: boolean): string {
  const list = values.map((item) => (typeof item === 'string' ? `"${item}"` : String(item))).join(', ')
  const expected = values.length === 1 ? `expected ${list}` : `expected one of ${list}`
  if (missing) return `missing; ${expected}`
  const meant =
    typeof value === 'string'
      ? nearest(
          value,
          values.filter((item) => typeof item === 'string'),
        )
      : undefined
  return `${expected}, found ${found}${meant === undefined ? '' : `; did you mean "${meant}"?`}`
}

/** The branch that fits the kind of the value speaks; when none does, all say what they expect. */
function union(issue: Issue, path: ConfigPath, context: IssueContext): Complaint[] {
  const branches = issue.errors ?? []
  const fitting = branches.find((branch) => branch.length > 0 && !branch.some(isWrongKind))
  if (fitting !== undefined) return fitting.flatMap((inner) => complaint(inner, path, context))
  const value = valueAt(context.value, path)
  const expected = branches.map((branch) => branch.find(isWrongKind)).filter((inner) => inner !== undefined)
  const words = [...new Set(expected.flatMap(alternatives))]
  if (words.length === 0)
    return [{ path, message: `not one of the allowed forms; found ${describeValue(value, true)}` }]
  const found = value === undefined ? 'nothing' : describeValue(value, context.hidden(path))
  const boolean = expected.some((inner) => inner.expected === 'boolean')
  const fix = boolean ? repair('boolean', value, isConcealed(found)) : ''
  return [{ path, message: `expected ${orList(words)}, found ${found}${fix}` }]
}

function alternatives(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return (issue.values ?? []).map((item) => JSON.stringify(item))
  return issue.expected === 'boolean' ? ['true', 'false'] : [kind(issue.expected)]
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** True when the description of a value does not show it. */
function isConcealed(found: string): boolean {
  return found.endsWith('(not shown)')
}

function isWrongKind(issue: Issue): boolean {
  return issuePath(issue).length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value')
}

/** The value at a path, or `undefined`. */
export function valueAt(value: unknown, path: ConfigPath): unknown {
  let current = value
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined
    current = (current as Record<string | number, unknown>)[step]
  }
  return current
}
