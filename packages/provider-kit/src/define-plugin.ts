import type { StandardSchemaV1 } from '@standard-schema/spec'
import { API_VERSION, type Provider, type ProviderPlugin } from './contract.ts'

/** Stamps the contract version on a plugin. `create` receives the schema's output type. */
export function definePlugin<Schema extends StandardSchemaV1>(plugin: {
  type: string
  aliases?: readonly string[]
  options: Schema
  example?: Readonly<Record<string, unknown>>
  create(options: StandardSchemaV1.InferOutput<Schema>): Provider
}): ProviderPlugin<StandardSchemaV1.InferOutput<Schema>> {
  if (!/^[a-z][a-z0-9_-]*$/.test(plugin.type)) {
    throw new TypeError(`plugin type ${JSON.stringify(plugin.type)} must match ^[a-z][a-z0-9_-]*$`)
  }
  return Object.freeze({ apiVersion: API_VERSION, ...plugin }) as ProviderPlugin<
    StandardSchemaV1.InferOutput<Schema>
  >
}
