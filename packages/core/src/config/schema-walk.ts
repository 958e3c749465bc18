import type { ConfigPath } from './problem.ts'

/** As much of a schema as can be seen from outside. Plugins may bring their own copy of the schema library. */
interface SchemaLike {
  readonly shape?: Readonly<Record<string, unknown>>
  readonly options?: readonly unknown[]
  readonly element?: unknown
  readonly in?: unknown
  unwrap?(): unknown
  safeParse?(value: unknown): { readonly success: boolean }
}

/** The schema of a member of objects and lists, looking through defaults, unions and transformations. */
export function schemaAt(schema: unknown, path: ConfigPath): unknown {
  let current = schema
  for (const step of path) {
    current = typeof step === 'number' ? elementOf(current) : membersOf(current)?.[step]
  }
  return current
}

/** The keys that an object may have; `undefined` when that cannot be told. */
export function keysOf(schema: unknown): string[] | undefined {
  const members = membersOf(schema)
  return members === undefined ? undefined : Object.keys(members)
}

/** True when `null` is a value of its own here. */
export function acceptsNull(schema: unknown): boolean {
  return asSchema(schema)?.safeParse?.(null).success === true
}

function membersOf(schema: unknown): Readonly<Record<string, unknown>> | undefined {
  const seen = asSchema(schema)
  if (seen === undefined) return undefined
  if (seen.shape !== undefined) return seen.shape
  if (Array.isArray(seen.options)) {
    const forms = seen.options.map(membersOf).filter((form) => form !== undefined)
    return forms.length === 0 ? undefined : Object.assign({}, ...forms)
  }
  return membersOf(inner(seen))
}

function elementOf(schema: unknown): unknown {
  const seen = asSchema(schema)
  return seen === undefined ? undefined : (seen.element ?? elementOf(inner(seen)))
}

/** What a wrapper wraps. Only ever one level: a schema without `unwrap` and `in` ends the walk. */
function inner(schema: SchemaLike): unknown {
  // Arrays have `unwrap` too (their element): for those the walk must not go on.
  if (schema.element !== undefined) return undefined
  return typeof schema.unwrap === 'function' ? schema.unwrap() : schema.in
}

function asSchema(schema: unknown): SchemaLike | undefined {
  return typeof schema === 'object' && schema !== null ? schema : undefined
}
