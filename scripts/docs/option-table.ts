import type { ProviderPlugin } from '../../packages/provider-kit/src/index.ts'
import type { JsonSchema } from '../../packages/core/src/config/json-schema.ts'
import { keyTable } from './config-tables.ts'

interface DescribedSchema {
  readonly jsonSchema?: { input(options: { readonly target: string }): unknown }
}

/** The options of a plugin, from its own schema. */
export function optionTable(plugin: ProviderPlugin): string {
  const standard = plugin.options['~standard'] as DescribedSchema
  const schema = standard.jsonSchema?.input({ target: 'draft-2020-12' }) as JsonSchema | undefined
  if (schema?.properties === undefined)
    throw new TypeError(`${plugin.type}: its schema does not describe itself`)
  return keyTable(schema, requiredOptions(plugin, Object.keys(schema.properties)))
}

/** What an empty entry is refused for. Schemas of keys say themselves what is missing, so JSON Schema does not know. */
function requiredOptions(plugin: ProviderPlugin, names: readonly string[]): string[] {
  const result = plugin.options['~standard'].validate({})
  if (result instanceof Promise) throw new TypeError(`${plugin.type}: its options are checked late`)
  const missing = new Set<unknown>((result.issues ?? []).map(({ path }) => path?.[0]))
  return names.filter((name) => missing.has(name))
}
