import { type JsonSchema, plainJsonSchema } from '../../packages/core/src/config/json-schema.ts'
import { keyTable } from './config-tables.ts'
import { conformanceTable } from './conformance-table.ts'
import type { Section } from './markers.ts'

/** Every generated part of the documentation. Add the next table here. */
export function sections(): Section[] {
  const config = plainJsonSchema()
  const { providers, ...globals } = config.properties ?? {}
  const provider = providers?.items ?? {}
  const file = 'docs/configuration.md'
  return [
    { file, name: 'global-keys', content: keyTable({ ...config, properties: globals }) },
    { file, name: 'provider-keys', content: keyTable(provider) },
    { file, name: 'model-keys', content: keyTable(modelObject(provider)) },
    { file: 'docs/conformance.md', name: 'conformance-checks', content: conformanceTable() },
  ]
}

function modelObject(provider: JsonSchema): JsonSchema {
  const forms = provider.properties?.models?.items?.anyOf ?? []
  return forms.find((form) => form.properties !== undefined) ?? {}
}
