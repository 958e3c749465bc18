import type { ProviderPlugin } from '@llmproxy/provider-kit'
import type { ConfigPath } from '../config/problem.ts'
import { keysOf, schemaAt } from '../config/schema-walk.ts'

/** The keys of a plugin's options at a path, as far as its schema tells; empty when it does not. */
export function pluginKeys(plugin: ProviderPlugin, path: ConfigPath = []): readonly string[] {
  const keys = keysOf(schemaAt(plugin.options, path))
  return keys.length > 0 || path.length > 0 ? keys : keysOfJsonSchema(plugin)
}

interface DescribedSchema {
  readonly jsonSchema?: { input?(options: { readonly target: string }): unknown }
}

/** Standard schemas other than zod's may describe themselves as JSON Schema. */
function keysOfJsonSchema(plugin: ProviderPlugin): readonly string[] {
  const standard = plugin.options['~standard'] as DescribedSchema
  try {
    const schema = standard.jsonSchema?.input?.({ target: 'draft-2020-12' })
    const properties =
      typeof schema === 'object' && schema !== null && 'properties' in schema ? schema.properties : {}
    return Object.keys(properties as object)
  } catch {
    // A schema that JSON Schema cannot express: then there is no suggestion.
    return []
  }
}
