import type { Provider, ProviderPlugin } from '../../packages/provider-kit/src/index.ts'
import { pluginKeys } from '../../packages/core/src/plugins/known-keys.ts'
import { folderOf, shippedPlugins } from './plugins.ts'
import { smallestProvider } from './smallest-provider.ts'
import { table } from './table.ts'

/** What each plugin offers, read from the plugin itself. */
export function providerTable(): string {
  return table(['`type`', 'Operations', 'Streaming', 'Key'], shippedPlugins.map(row))
}

function row(plugin: ProviderPlugin): string[] {
  const { provider, needsKey } = smallestProvider(plugin)
  return [
    `[\`${plugin.type}\`](${folderOf(plugin)}/README.md)${aliasText(plugin)}`,
    operationsText(provider),
    streamingText(provider),
    keyText(plugin, needsKey),
  ]
}

function aliasText({ aliases = [] }: ProviderPlugin): string {
  return aliases.length === 0 ? '' : ` (${aliases.map((alias) => `\`${alias}\``).join(', ')})`
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
