import { isObject, type JsonObject } from './wire.ts'

/** A schema that the constrained decoder takes, and whether it allows or refuses other values than the original. */
export interface CleanSchema {
  readonly schema: JsonObject
  readonly lossy: boolean
}

/** Keywords that the decoder refuses. They move to the description, where the model still reads them. */
const unsupported: ReadonlySet<string> = new Set(
  `minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern
  minItems maxItems uniqueItems minProperties maxProperties not`.split(/\s+/),
)
const formats: ReadonlySet<unknown> = new Set(
  'date-time time date duration email hostname uri ipv4 ipv6 uuid'.split(' '),
)
const holdsSchemas: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions'])
const isList: ReadonlySet<string> = new Set(['anyOf', 'allOf', 'oneOf', 'prefixItems'])

/** Rewrites a JSON Schema into the subset of the constrained decoder; the input is not modified. */
export function cleanSchema(schema: JsonObject): CleanSchema {
  const losses: string[] = []
  return { schema: clean(schema, losses), lossy: losses.length > 0 }
}

function clean(schema: JsonObject, losses: string[]): JsonObject {
  const members: Record<string, unknown> = {}
  const moved: string[] = []
  for (const [name, value] of Object.entries(schema)) {
    if (isRefused(name, value, schema)) moved.push(`${name}: ${JSON.stringify(value)}`)
    else members[name === 'oneOf' ? 'anyOf' : name] = cleanMember(name, value, losses)
  }
  if (isObjectSchema(schema)) {
    if ((schema['additionalProperties'] ?? false) !== false) losses.push('additionalProperties')
    members['additionalProperties'] = false
  }
  if (moved.length > 0) {
    losses.push(...moved)
    members['description'] = [schema['description'], `Constraints: ${moved.join(', ')}`]
      .filter(Boolean)
      .join('\n')
  }
  return members
}

function isRefused(name: string, value: unknown, schema: JsonObject): boolean {
  if (name === 'format') return !formats.has(value)
  // `oneOf` becomes `anyOf`, unless that place is taken.
  return unsupported.has(name) || (name === 'oneOf' && 'anyOf' in schema)
}

function cleanMember(name: string, value: unknown, losses: string[]): unknown {
  const cleaned = (part: unknown): unknown => (isObject(part) ? clean(part, losses) : part)
  if (holdsSchemas.has(name) && isObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, cleaned(part)]))
  }
  if (isList.has(name) && Array.isArray(value)) return value.map(cleaned)
  return name === 'items' ? cleaned(value) : value
}

function isObjectSchema(schema: JsonObject): boolean {
  const type = schema['type']
  return (
    type === 'object' || (Array.isArray(type) && type.includes('object')) || isObject(schema['properties'])
  )
}
