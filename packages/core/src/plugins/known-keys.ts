import type { ProviderPlugin } from '@llmproxy/provider-kit'
import type { ConfigPath } from '../config/problem.ts'
import { keysOf, schemaAt } from '../config/schema-walk.ts'

/** The keys of a plugin's options at a path, as far as its schema tells; `undefined` when it does not. */
export function pluginKeys(plugin: ProviderPlugin, path: ConfigPath = []): readonly string[] | undefined {
  const keys = keysOf(schemaAt(plugin.options, path))
  return keys ?? (path.length === 0 ? keysOfJsonSchema(plugin) : undefined)
}

interface DescribedSchema {
  readonly jsonSchema?: { input?(options: { readonly target: string }): unknown }
}

/** Standard schemas other than zod's may describe themselves as JSON Schema. */
function keysOfJsonSchema(plugin: ProviderPlugin): readonly string[] | undefined {
  const standard = plugin.options['~standard'] as DescribedSchema
  try {
    const schema = standard.jsonSchema?.input?.({ target: 'draft-2020-12' })
    if (typeof schema !== 'object' || schema === null || !('properties' in schema)) return undefined
    return Object.keys(schema.properties as object)
  } catch {
    // A schema that JSON Schema cannot express: then there is no suggestion.
    return undefined
  }
}
