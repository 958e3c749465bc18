import { type JsonSchema, plainJsonSchema } from '../../packages/core/src/config/json-schema.ts'
import { keyTable } from './config-tables.ts'
import { conformanceTable } from './conformance-table.ts'
import type { ProviderPlugin } from '../../packages/provider-kit/src/index.ts'
import type { Section } from './markers.ts'
import { optionTable } from './option-table.ts'
import { modelOf, parameterMatrix, parameterTable } from './parameter-table.ts'
import { folderOf, shippedPlugins } from './plugins.ts'
import { providerTable } from './provider-table.ts'
import { table } from './table.ts'

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
    {
      file: 'docs/condensation.md',
      name: 'condensation-keys',
      content: keyTable(globals['condensation'] ?? {}),
    },
    { file: 'docs/conformance.md', name: 'conformance-checks', content: conformanceTable() },
    { file: 'README.md', name: 'providers', content: providerTable() },
    { file: 'README.md', name: 'main-keys', content: keyTable(only(config, mainKeys)) },
    { file: 'README.md', name: 'main-provider-keys', content: keyTable(only(provider, mainProviderKeys)) },
    { file: 'docs/parameters.md', name: 'matrix', content: parameterMatrix(vendors) },
    { file: 'docs/parameters.md', name: 'models', content: modelTable() },
    ...shippedPlugins.flatMap(pluginSections),
  ]
}

const vendors = shippedPlugins.filter(({ type }) => type !== 'mock')

function modelTable(): string {
  return table(
    ['Provider', 'Model'],
    vendors.map((plugin) => [
      `[\`${plugin.type}\`](../${folderOf(plugin)}/README.md)`,
      `\`${modelOf(plugin)}\``,
    ]),
  )
}

/** The parts of a provider's own README: its options, and what becomes of each parameter where it decides about any. */
function pluginSections(plugin: ProviderPlugin): Section[] {
  const file = `${folderOf(plugin)}/README.md`
  if (plugin.type === 'mock') return []
  return [
    { file, name: 'options', content: optionTable(plugin) },
    { file, name: 'parameters', content: parameterTable(plugin) },
  ]
}

const mainKeys = [
  'host',
  'port',
  'api_keys',
  'rate_limit_rpm',
  'rate_limits',
  'request_timeout',
  'max_attempts',
]
const mainProviderKeys = [
  'name',
  'type',
  'module',
  'enabled',
  'models',
  'priority',
  'weight',
  'api_key_env',
  'timeout',
  'max_retries',
]

/** The schema with these keys alone, without what is nested in them. */
function only(schema: JsonSchema, keys: readonly string[]): JsonSchema {
  const chosen = keys.map((key): [string, JsonSchema] => {
    const member = schema.properties?.[key] ?? {}
    return [key, member.properties === undefined ? member : { ...member, properties: {} }]
  })
  const required = schema.required?.filter((key) => keys.includes(key)) ?? []
  return { ...schema, properties: Object.fromEntries(chosen), required }
}

function modelObject(provider: JsonSchema): JsonSchema {
  const forms = provider.properties?.models?.items?.anyOf ?? []
  return forms.find((form) => form.properties !== undefined) ?? {}
}
