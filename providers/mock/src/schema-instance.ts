/** A parsed JSON object. */
export type JsonObject = { readonly [name: string]: unknown }

/** Whether `value` is a JSON object, not an array and not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The smallest value that fits a JSON Schema of the kind structured output accepts: required members only, shortest
 * arrays, first alternative. Strings are `word` so that several instances differ. `$ref` is followed within the document.
 */
export function smallestInstance(schema: unknown, word: string): unknown {
  return instance(schema, { root: schema, word, depth: 0 })
}

interface Position {
  readonly root: unknown
  readonly word: string
  readonly depth: number
}

function instance(schema: unknown, position: Position): unknown {
  // A schema may refer to itself; a vendor gives up at some depth too.
  if (!isObject(schema) || position.depth > 32) return null
  const inside = { ...position, depth: position.depth + 1 }
  if (typeof schema.$ref === 'string') return instance(resolve(schema.$ref, position.root), inside)
  if ('const' in schema) return schema.const
  if (Array.isArray(schema.enum)) return schema.enum[0]
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const alternatives = schema[key]
    if (Array.isArray(alternatives)) return instance(alternatives[0], inside)
  }
  return ofType(schema, inside)
}

function ofType(schema: JsonObject, inside: Position): unknown {
  const type: unknown = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'string':
      return sized(formats[String(schema.format)] ?? inside.word, schema)
    case 'integer':
    case 'number':
      return smallestNumber(schema)
    case 'boolean':
      return true
    case 'null':
      return null
    case 'array':
      return Array.from({ length: Number(schema.minItems ?? 0) }, () => instance(schema.items, inside))
    default:
      return members(schema, inside)
  }
}

const formats: Readonly<Record<string, string>> = {
  'date-time': '2024-01-01T00:00:00Z',
  date: '2024-01-01',
  time: '00:00:00Z',
  duration: 'PT1S',
  email: 'mock@example.com',
  hostname: 'example.com',
  uri: 'https://example.com/',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
  uuid: '00000000-0000-4000-8000-000000000000',
}

function sized(text: string, schema: JsonObject): string {
  const least = Number(schema.minLength ?? 0)
  const most = Number(schema.maxLength ?? Number.POSITIVE_INFINITY)
  return text.padEnd(least, 'x').slice(0, most)
}

function smallestNumber(schema: JsonObject): number {
  if (typeof schema.minimum === 'number') return schema.minimum
  if (typeof schema.exclusiveMinimum === 'number') return schema.exclusiveMinimum + 1
  if (typeof schema.maximum === 'number') return Math.min(1, schema.maximum)
  return 1
}

function members(schema: JsonObject, inside: Position): object {
  const properties = isObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required : Object.keys(properties)
  // `Object.fromEntries` defines members, so a property called `__proto__` is one like any other.
  return Object.fromEntries(
    required.map((name) => [String(name), instance(properties[String(name)], inside)]),
  )
}

function resolve(reference: string, root: unknown): unknown {
  let at: unknown = root
  for (const part of reference.split('/').slice(1)) at = isObject(at) ? at[part] : undefined
  return at
}
