import { isObject, type JsonObject, refuse } from '@llmproxy/provider-kit'

/** Keywords of the OpenAPI subset that are carried over as they are. */
const kept: ReadonlySet<string> = new Set([
  'title',
  'description',
  'nullable',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'minLength',
  'maxLength',
  'pattern',
  'minimum',
  'maximum',
  'propertyOrdering',
])
const formats: ReadonlySet<unknown> = new Set(['date-time', 'enum', 'int32', 'int64', 'float', 'double'])

/** References are copied to where they are used: a small schema may become one without an end that anybody waits for. */
const mostSchemas = 5000
/** A text of this length, copied, counts like one schema. */
const charactersPerSchema = 200
/** Each level is a call inside of a call, and the whole body may be no deeper than the gateway takes it. */
const deepest = 200

interface Place {
  readonly root: JsonObject
  /** The references on the way in: one that comes again is recursive. */
  readonly inside: ReadonlySet<string>
  /** Where the schema stands in the client's body. */
  readonly path: string
  readonly written: { count: number }
  readonly depth: number
}

/**
 * A JSON Schema in the OpenAPI subset of older models: references resolved, type lists and `null` as `nullable`, `const` as
 * `enum`, `oneOf` as `anyOf`, `allOf` merged, all other keywords left out. A schema that contains itself ends in a plain object.
 * Throws a refusal for `path` when more than 5000 schemas come out of it, or 200 inside of each other.
 */
export function openApiSchema(schema: JsonObject, path: string): JsonObject {
  return converted(schema, { root: schema, inside: new Set(), path, written: { count: 0 }, depth: 0 })
}

/** Whether a schema of arguments says that there are none. */
export function isEmptyObjectSchema(schema: JsonObject): boolean {
  const { properties } = schema
  const empty = properties === undefined || (isObject(properties) && Object.keys(properties).length === 0)
  const combined = ['$ref', 'anyOf', 'oneOf', 'allOf', 'patternProperties'].some((name) => name in schema)
  return empty && !combined && !isObject(schema['additionalProperties'])
}

function converted(given: unknown, outer: Place): JsonObject {
  if (!isObject(given)) return {}
  const place = { ...outer, depth: outer.depth + 1 }
  place.written.count += 1
  // What is copied counts by its length, too: a long text may be referred to a thousand times.
  if (place.inside.size > 0) place.written.count += Math.floor(textLength(given) / charactersPerSchema)
  if (place.written.count > mostSchemas || place.depth > deepest)
    throw refuse(place.path, 'is too large once its references are resolved')
  if (typeof given['$ref'] === 'string') return referred(given, given['$ref'], place)
  const { allOf, ...schema } = given
  if (Array.isArray(allOf)) {
    const parts = [...(allOf as unknown[]), schema]
    return intersection(parts.map((part) => converted(part, place)))
  }
  const result: JsonObject = {}
  for (const [name, value] of Object.entries(schema)) if (kept.has(name)) result[name] = value
  if (formats.has(schema['format'])) result['format'] = schema['format']
  Object.assign(result, structure(schema, place), alternatives(schema, place), choices(schema))
  return typed(result, schema['type'])
}

function textLength(schema: JsonObject): number {
  const texts = [schema['description'], schema['title'], schema['pattern'], schema['enum'], schema['const']]
  return texts.reduce<number>((sum, text) => sum + (JSON.stringify(text)?.length ?? 0), 0)
}

function referred(given: JsonObject, reference: string, place: Place): JsonObject {
  const target = reference.startsWith('#') ? resolved(place.root, reference.slice(1)) : undefined
  if (target === undefined || place.inside.has(reference)) return { type: 'object' }
  const { $ref: _, ...beside } = given
  return converted({ ...target, ...beside }, { ...place, inside: new Set([...place.inside, reference]) })
}

/** What a JSON pointer in a URL fragment points to; names of anchors point to nothing here. */
function resolved(root: JsonObject, fragment: string): JsonObject | undefined {
  const pointer = decoded(fragment)
  if (pointer !== '' && !pointer.startsWith('/')) return undefined
  let target: unknown = root
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof target !== 'object' || target === null || !Object.hasOwn(target, name)) return undefined
    target = (target as JsonObject)[name]
  }
  return isObject(target) ? target : undefined
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return fragment
  }
}

/** The subset has no intersection: the members are put together, and what stands beside `allOf` wins. */
function intersection(parts: readonly JsonObject[]): JsonObject {
  let merged: JsonObject = {}
  for (const part of parts) {
    const properties = { ...objectAt(merged, 'properties'), ...objectAt(part, 'properties') }
    const required = [...listAt(merged, 'required'), ...listAt(part, 'required')]
    merged = { ...merged, ...part }
    if (Object.keys(properties).length > 0) merged['properties'] = properties
    if (required.length > 0) merged['required'] = [...new Set(required)]
  }
  return merged
}

function structure(schema: JsonObject, place: Place): JsonObject {
  const result: JsonObject = {}
  const { properties, required, items, prefixItems } = schema
  if (isObject(properties)) {
    const entries = Object.entries(properties).map(([name, value]) => [name, converted(value, place)])
    if (entries.length > 0) result['properties'] = Object.fromEntries(entries) as JsonObject
    const names = listAt({ required }, 'required').filter(
      (name) => typeof name === 'string' && Object.hasOwn(properties, name),
    )
    if (names.length > 0) result['required'] = names
  }
  if (isObject(items)) result['items'] = converted(items, place)
  else if (Array.isArray(prefixItems) && prefixItems.length > 0)
    result['items'] = { anyOf: prefixItems.map((item: unknown) => converted(item, place)) }
  return result
}

function alternatives(schema: JsonObject, place: Place): JsonObject {
  const given = schema['anyOf'] ?? schema['oneOf']
  if (!Array.isArray(given)) return {}
  const others = given.filter((each: unknown) => !(isObject(each) && each['type'] === 'null'))
  const nullable = others.length < given.length ? { nullable: true } : {}
  const [only, ...more] = others.map((each: unknown) => converted(each, place))
  if (only === undefined) return nullable
  return more.length === 0 ? { ...only, ...nullable } : { anyOf: [only, ...more], ...nullable }
}

/** Choices are texts in the subset; others are told in words. */
function choices(schema: JsonObject): JsonObject {
  const given = Object.hasOwn(schema, 'const') ? [schema['const']] : schema['enum']
  if (!Array.isArray(given)) return {}
  const values = given.filter((value: unknown) => value !== null)
  const nullable = values.length < given.length ? { nullable: true } : {}
  if (values.every((value: unknown) => typeof value === 'string'))
    return { type: 'string', ...(values.length > 0 && { enum: values }), ...nullable }
  const words = `One of: ${values.map((value: unknown) => JSON.stringify(value)).join(', ')}`
  const { description } = schema
  return {
    description: typeof description === 'string' ? `${description} ${words}` : words,
    ...(values.every((value: unknown) => typeof value === 'number') && { type: 'number' }),
    ...nullable,
  }
}

function typed(result: JsonObject, given: unknown): JsonObject {
  const types = (Array.isArray(given) ? given : [given]).filter((type: unknown) => typeof type === 'string')
  const names = types.filter((type) => type !== 'null')
  const nullable = names.length < types.length ? { nullable: true } : {}
  const [only] = names
  if (only === undefined) return { ...result, ...nullable }
  const { type: _, ...untyped } = result
  if (names.length === 1) return { type: only, ...untyped, ...nullable }
  const { description, title, ...rest } = untyped
  const said = {
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title }),
  }
  return { ...said, anyOf: names.map((name) => fitting(rest, name)), ...nullable }
}

/** Of several types each takes the keywords that are its own. */
function fitting(rest: JsonObject, type: unknown): JsonObject {
  const { properties, required, items, ...others } = rest
  return {
    ...others,
    type,
    ...(type === 'object' && properties !== undefined && { properties }),
    ...(type === 'object' && required !== undefined && { required }),
    ...(type === 'array' && items !== undefined && { items }),
  }
}

function objectAt(holder: JsonObject, name: string): JsonObject {
  const value = holder[name]
  return isObject(value) ? value : {}
}

function listAt(holder: JsonObject, name: string): unknown[] {
  const value = holder[name]
  return Array.isArray(value) ? value : []
}
