import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { canonicalType, checkPlugin } from './check.ts'
import { type PluginLoad, PluginNotFound } from './load.ts'

/** Finds plugins by type. */
export interface Registry {
  /**
   * The plugin for a type: compiled in first, then loaded. Loaded once, also when asked at the same time.
   * Rejects with {@link PluginNotFound}, or with an Error that says what is wrong with the plugin.
   */
  resolve(type: string, module?: string): Promise<ProviderPlugin>
  /** The compiled-in plugin for a type. */
  compiledIn(type: string): ProviderPlugin | undefined
  /** Whether `resolve` would find something; `undefined` when that cannot be told without loading it. */
  installed(type: string, module?: string): Promise<boolean | undefined>
  /** The types that are compiled in, for suggestions. */
  readonly types: readonly string[]
}

/** Throws when two compiled-in plugins claim the same type, or one of them is no plugin. */
export function createRegistry(options: {
  plugins?: readonly ProviderPlugin[]
  load?: PluginLoad | undefined
}): Registry {
  const { plugins = [], load } = options
  const byType = indexPlugins(plugins)
  const loading = new Map<string, Promise<ProviderPlugin>>()

  const loadOnce = (type: string, module?: string): Promise<ProviderPlugin> => {
    const key = module === undefined ? canonicalType(type) : `${canonicalType(type)} ${module}`
    const running = loading.get(key) ?? loadPlugin(load, type, module)
    loading.set(key, running)
    // A package that is installed later must be found by the next reload.
    running.catch(() => loading.delete(key))
    return running
  }
  const compiledIn = (type: string) => byType.get(canonicalType(type))

  return {
    async resolve(type, module) {
      return (module === undefined ? compiledIn(type) : undefined) ?? loadOnce(type, module)
    },
    compiledIn,
    async installed(type, module) {
      if (module === undefined && compiledIn(type) !== undefined) return true
      if (load === undefined) return false
      return load.installed?.(type, module)
    },
    types: plugins.map((plugin) => plugin.type),
  }
}

function indexPlugins(plugins: readonly ProviderPlugin[]): Map<string, ProviderPlugin> {
  const byType = new Map<string, ProviderPlugin>()
  for (const candidate of plugins) {
    const plugin = checkPlugin(candidate, typeOf(candidate))
    for (const name of [plugin.type, ...(plugin.aliases ?? [])]) {
      const key = canonicalType(name)
      if (byType.has(key)) throw new Error(`two plugins are compiled in for provider type "${name}"`)
      byType.set(key, plugin)
    }
  }
  return byType
}

function typeOf(candidate: { readonly type?: unknown }): string {
  return typeof candidate.type === 'string' ? candidate.type : 'unknown'
}

async function loadPlugin(
  load: PluginLoad | undefined,
  type: string,
  module?: string,
): Promise<ProviderPlugin> {
  if (load === undefined) throw new PluginNotFound(type, { module })
  return checkPlugin(await load(type, module), type)
}
