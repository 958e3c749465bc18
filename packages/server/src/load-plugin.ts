import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type PluginLoad, PluginNotFound } from '@llmproxy/core'
import { moduleResolve } from 'import-meta-resolve'

export interface PluginLoaderOptions {
  /** Modules (file URLs) whose surroundings are searched, in this order: the configuration file, then the app. */
  readonly from: readonly string[]
  /** Export conditions besides `node`, `import` and `default`. */
  readonly conditions?: readonly string[]
}

/** A plugin package that is installed. */
export interface InstalledPlugin {
  /** File URL of the module. */
  readonly url: string
  /** The package, when the module belongs to one. */
  readonly name?: string
  readonly version?: string
}

/**
 * Loads plugins from disk: `@llmproxy/provider-<type>`, then `llmproxy-provider-<type>`, or what `module:` names: a package, or a
 * file relative to the configuration file. The one place where code is imported by a name that is not written in the source.
 */
export function pluginLoader(options: PluginLoaderOptions): PluginLoad {
  const load: PluginLoad = async (type, module) => {
    const found = findPlugin(type, module, options)
    if (found === undefined) throw new PluginNotFound(type, { module })
    return importModule(found.url)
  }
  load.installed = (type, module) => findPlugin(type, module, options) !== undefined
  return load
}

/** Where a plugin is installed; `undefined` when it is not. Runs none of its code. */
export function findPlugin(
  type: string,
  module: string | undefined,
  { from, conditions = [] }: PluginLoaderOptions,
): InstalledPlugin | undefined {
  const wanted = new Set([...conditions, 'node', 'import', 'default'])
  for (const specifier of module === undefined ? packageNames(type) : [specifierOf(module)]) {
    for (const parent of specifier.startsWith('.') ? from.slice(0, 1) : from) {
      const url = resolved(specifier, parent, wanted)
      if (url !== undefined) return { url, ...packageOf(url) }
    }
  }
  return undefined
}

/** Imports a module by its file URL. Rejects with an error that names the file. */
export async function importModule(url: string): Promise<unknown> {
  try {
    return await import(url)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`${fileURLToPath(url)} cannot be loaded: ${reason.split('\n', 1)[0]}`, { cause: error })
  }
}

/** The export conditions that Node was started with (`--conditions=x`, `-C x`): modules found here follow them too. */
export function conditionsOf(nodeOptions: readonly string[]): readonly string[] {
  return nodeOptions.flatMap((option, index) => {
    const written = /^(?:--conditions|-C)=(.+)$/.exec(option)?.[1]
    if (written !== undefined) return [written]
    return option === '-C' || option === '--conditions' ? (nodeOptions[index + 1] ?? []) : []
  })
}

function packageNames(type: string): readonly string[] {
  const name = type.replaceAll('_', '-')
  return [`@llmproxy/provider-${name}`, `llmproxy-provider-${name}`]
}

function specifierOf(module: string): string {
  return /^(?:\/|[A-Za-z]:[\\/])/.test(module) ? pathToFileURL(module).href : module
}

const absent = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT'])

function resolved(specifier: string, parent: string, conditions: Set<string>): string | undefined {
  try {
    const { href } = moduleResolve(specifier, new URL(parent), conditions)
    if (!href.startsWith('file:'))
      throw new Error(`module ${JSON.stringify(specifier)} is not a file or a package`)
    return href
  } catch (error) {
    if (absent.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

function packageOf(url: string): Pick<InstalledPlugin, 'name' | 'version'> {
  for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string; version?: string }
      if (name !== undefined) return { name, ...(version === undefined ? {} : { version }) }
    }
    if (folder === dirname(folder)) return {}
  }
}
