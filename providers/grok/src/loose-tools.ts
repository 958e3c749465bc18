import { type Call, isObject, type JsonObject, kindOf, refuse } from '@llmproxy/provider-kit'

/**
 * Tools as the vendor's validator likes them: without `additionalProperties: false`, at any depth of their schemas. Where a
 * function is `strict`, that is a promise less, and reported. The same value when there is nothing to take out.
 * `name`: where they stand in the client's body.
 */
export function looseTools(
  list: unknown,
  name: 'tools' | 'functions',
  call: Pick<Call, 'dropped'>,
): readonly unknown[] {
  if (!Array.isArray(list)) throw refuse(name, `must be an array, found ${kindOf(list)}`)
  const changed = list.map((tool: unknown, index) => {
    const path = `${name}[${index}]`
    if (!isObject(tool)) throw refuse(path, `must be an object, found ${kindOf(tool)}`)
    if (name === 'functions') return { type: 'function', function: looseFunction(tool, path, call) }
    const { function: called } = tool
    if (!isObject(called)) return tool
    const loose = looseFunction(called, `${path}.function`, call)
    return loose === called ? tool : { ...tool, function: loose }
  })
  return changed.every((tool, index) => tool === list[index]) ? list : changed
}

function looseFunction(called: JsonObject, path: string, call: Pick<Call, 'dropped'>): JsonObject {
  const { parameters, strict } = called
  const loose = looseSchema(parameters)
  if (loose === parameters) return called
  if (strict === true) call.dropped(`${path}.parameters.additionalProperties`)
  return { ...called, parameters: loose }
}

/** Members whose values are schemas by name, and members that are values, not schemas. */
const maps: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
const values: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples', 'required'])

/** The same value when nothing is taken out. */
function looseSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return sameOr(schema, schema.map(looseSchema))
  if (!isObject(schema)) return schema
  const entries = Object.entries(schema)
  const kept = entries
    .filter(([name, value]) => name !== 'additionalProperties' || value !== false)
    .map(([name, value]): [string, unknown] => [name, looseMember(name, value)])
  const same = kept.length === entries.length && kept.every(([name, value]) => value === schema[name])
  return same ? schema : Object.fromEntries(kept)
}

function looseMember(name: string, value: unknown): unknown {
  if (values.has(name)) return value
  if (!maps.has(name) || !isObject(value)) return looseSchema(value)
  const entries = Object.entries(value)
  const loose = entries.map(([key, schema]): [string, unknown] => [key, looseSchema(schema)])
  return loose.every(([, schema], index) => schema === entries[index]?.[1])
    ? value
    : Object.fromEntries(loose)
}

function sameOr(list: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  return other.every((item, index) => item === list[index]) ? list : other
}
