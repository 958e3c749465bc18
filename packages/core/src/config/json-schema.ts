import { z } from 'zod'
import { configSchema } from './schema.ts'

/** A JSON Schema, as far as this project reads it. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly [keyword: string]: unknown
}

/**
 * The JSON Schema (draft 2020-12) of the configuration file, for editors. Provider entries accept further keys: those
 * belong to the plugins. Numbers and switches may also be environment references.
 */
export function configJsonSchema(): JsonSchema {
  return { title: 'llmproxy configuration', ...(withReferences(plainJsonSchema()) as JsonSchema) }
}

/** The same without environment references: what the values mean. For tables in the documentation. */
export function plainJsonSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // Every integer of the schema library is limited to what a double can hold. That says nothing here.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  }) as JsonSchema
}

const environmentReference: JsonSchema = { type: 'string', pattern: String.raw`\$\{[^{}]*\}` }

const scalars: ReadonlySet<unknown> = new Set(['number', 'integer', 'boolean'])

function withReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withReferences)
  if (typeof schema !== 'object' || schema === null) return schema
  if ('type' in schema && scalars.has(schema.type)) {
    const { description, default: fallback, ...rest } = schema as JsonSchema
    return {
      ...(description === undefined ? {} : { description }),
      ...(fallback === undefined ? {} : { default: fallback }),
      anyOf: [rest, environmentReference],
    }
  }
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => [keyword, withReferences(value)]),
  )
}
