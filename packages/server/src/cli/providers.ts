import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createGateway } from '@llmproxy/core'
import { findPlugin, pluginLoader } from '../load-plugin.ts'
import type { CommandContext } from './command-context.ts'
import { type ConfigFile, openConfig } from './config-file.ts'

/** `llmproxy providers`: the plugins at hand with their versions, and what the configuration makes of them. */
export async function listProviders(context: CommandContext, { config }: { config?: string }): Promise<void> {
  const file = openConfig(context, config)
  printTable(context, ['PLUGIN', 'VERSION', 'FROM'], [...compiledIn(context), ...installed(context, file)])
  context.print('')
  const gateway = await createGateway(file.checked, {
    plugins: context.plugins,
    load: pluginLoader(file.search),
    env: file.env,
  })
  try {
    const { providers } = gateway.providers() as { providers: readonly ProviderLine[] }
    printTable(context, ['PROVIDER', 'TYPE', 'STATE'], providers.map(providerRow))
  } finally {
    await gateway.close()
  }
}

interface ProviderLine {
  readonly name: string
  readonly type: string
  readonly enabled: boolean
  readonly operations?: readonly string[]
  readonly reason?: string
}

function providerRow({ name, type, enabled, operations = [], reason = '' }: ProviderLine): readonly string[] {
  return [name, type, enabled ? `on: ${operations.join(', ')}` : `off: ${reason}`]
}

function compiledIn({ plugins, version }: CommandContext): readonly (readonly string[])[] {
  return plugins.map(({ type }) => [type, version, 'compiled in'])
}

// A plugin that is compiled in is used before one of the same type that is installed.
function installed({ plugins }: CommandContext, { search }: ConfigFile): readonly (readonly string[])[] {
  const known = new Set(plugins.map(({ type }) => type.replaceAll('_', '-')))
  const types = new Set(search.from.flatMap(foldersAbove).flatMap(typesIn))
  const others = [...types].filter((type) => !known.has(type.replaceAll('_', '-')))
  return others.toSorted().flatMap((type) => {
    const found = findPlugin(type, undefined, search)
    return found === undefined ? [] : [[type, found.version ?? '?', found.name ?? found.url]]
  })
}

function foldersAbove(url: string): readonly string[] {
  const folders = []
  for (let folder = dirname(fileURLToPath(url)); ; folder = dirname(folder)) {
    folders.push(join(folder, 'node_modules'))
    if (folder === dirname(folder)) return folders
  }
}

function typesIn(folder: string): readonly string[] {
  const own = namesIn(join(folder, '@llmproxy')).map((name) => /^provider-(?!kit$)(.+)$/.exec(name)?.[1])
  const foreign = namesIn(folder).map((name) => /^llmproxy-provider-(.+)$/.exec(name)?.[1])
  return [...own, ...foreign].filter((type) => type !== undefined)
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function printTable(
  { print }: CommandContext,
  heads: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const lines = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of lines)
    print(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}
