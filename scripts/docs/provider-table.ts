import type { Provider, ProviderPlugin } from '../../packages/provider-kit/src/index.ts'
import { pluginKeys } from '../../packages/core/src/plugins/known-keys.ts'
import anthropic from '../../providers/anthropic/src/index.ts'
import mock from '../../providers/mock/src/index.ts'
import openai from '../../providers/openai/src/index.ts'
import openaiCompatible from '../../providers/openai-compatible/src/index.ts'
import { table } from './table.ts'

/** The plugins that the app brings along. A test compares them with the folders of `providers/`. */
export const shippedPlugins: readonly ProviderPlugin[] = [openai, openaiCompatible, anthropic, mock].map(
  (plugin) => plugin as ProviderPlugin,
)

/** What each plugin offers, read from the plugin itself. */
export function providerTable(): string {
  return table(['`type`', 'Operations', 'Streaming', 'Key'], shippedPlugins.map(row))
}

function row(plugin: ProviderPlugin): string[] {
  const { provider, needsKey } = smallest(plugin)
  const path = plugin.type.replaceAll('_', '-')
  return [
    `[\`${plugin.type}\`](providers/${path}/README.md)`,
    operationsText(provider),
    streamingText(provider),
    keyText(plugin, needsKey),
  ]
}

const address = { base_url: 'http://127.0.0.1:9/v1' }
const key = { api_key: 'a-key' }

/** The provider that the fewest options make. */
function smallest(plugin: ProviderPlugin): { provider: Provider; needsKey: boolean } {
  for (const options of [{}, address, key, { ...address, ...key }]) {
    const result = plugin.options['~standard'].validate(options)
    if (result instanceof Promise) throw new TypeError(`${plugin.type}: its options are checked late`)
    if (result.issues === undefined)
      return { provider: plugin.create(result.value), needsKey: 'api_key' in options }
  }
  throw new TypeError(`${plugin.type}: wants more than a key and an address`)
}

const order = ['chat', 'completions', 'embeddings', 'images', 'videos', 'messages'] as const

/** The gateway itself serves completions over chat where a provider has only the latter. */
function operationsText({ operations }: Provider): string {
  const bridged = operations.chat !== undefined && operations.completions === undefined
  const own = order.filter((name) => operations[name] !== undefined)
  return [...own, ...(bridged ? ['completions (over chat)'] : [])].join(', ')
}

function streamingText(provider: Provider): string {
  if (provider.supports?.streaming === false) return 'no'
  if ('exchange' in provider) return 'yes, made in process'
  return provider.operations.chat?.stream === undefined ? 'yes, relayed' : 'yes, chat translated'
}

function keyText(plugin: ProviderPlugin, needsKey: boolean): string {
  if (pluginKeys(plugin)?.includes('api_key') !== true) return 'none'
  const variable = `\`PROXY_API_${plugin.type.toUpperCase().replaceAll('-', '_')}_API_KEY\``
  return needsKey ? variable : `${variable}, if the server wants one`
}
