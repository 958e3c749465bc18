import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseEnv } from 'node:util'
import { type CheckedConfig, readConfig } from '@llmproxy/core'
import type { PluginLoaderOptions } from '../load-plugin.ts'
import { CommandFailed, type CommandContext } from './command-context.ts'
import { unreadableReason } from './unreadable.ts'

/** A configuration file as read, and what belongs to it. */
export interface ConfigFile {
  readonly path: string
  readonly checked: CheckedConfig
  /** The process's environment over the `.env` beside the file. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Where its plugins are looked for. */
  readonly search: PluginLoaderOptions
  /** What it was read from. */
  readonly texts: ConfigTexts
}

/** Bytes of a configuration file, or of the `.env` beside it. What is longer was put there by mistake. */
export const longestFile = 1024 * 1024

/** The texts of a configuration file and of the `.env` beside it. */
export interface ConfigTexts {
  readonly config: string
  readonly dotEnv?: string
}

const usualNames = ['config.yaml', 'config.yml']

/**
 * Reads `--config`, else `LLMPROXY_CONFIG`, else `config.yaml` or `config.yml` of the current folder. `texts`: what was read from
 * there, instead of reading it now.
 */
export function openConfig(
  context: CommandContext,
  option: string | undefined,
  texts?: ConfigTexts,
): ConfigFile {
  const path = findConfig(context, option)
  return configFile(context, path, texts ?? readTexts(path))
}

function configFile(context: CommandContext, path: string, texts: ConfigTexts): ConfigFile {
  const env = { ...(texts.dotEnv === undefined ? {} : parseEnv(texts.dotEnv)), ...context.env }
  const checked = readConfig(texts.config, { file: shownPath(path, context.cwd), env })
  const search = { from: [pathToFileURL(path).href, context.appUrl], conditions: context.conditions }
  return { path, checked, env, search, texts }
}

function findConfig({ env, cwd }: CommandContext, option: string | undefined): string {
  const named = option ?? (env['LLMPROXY_CONFIG'] || undefined)
  if (named !== undefined) return resolve(cwd, named)
  const found = usualNames.map((name) => join(cwd, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new CommandFailed(
    `no configuration: there is no ${usualNames.join(' or ')} in ${cwd}. Write one with "llmproxy init", or name one with --config`,
  )
}

/** The text of a file that somebody has named. Throws a `CommandFailed` that says why it cannot be read. */
export function readText(path: string): string {
  let text
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const reason = unreadableReason((error as NodeJS.ErrnoException).code)
    throw new CommandFailed(`cannot read the configuration ${path}: ${reason}`, { cause: error })
  }
  // No reload would take it.
  if (Buffer.byteLength(text) > longestFile)
    throw new CommandFailed(`cannot read the configuration ${path}: it is larger than 1 MiB`)
  return text
}

function readTexts(path: string): ConfigTexts {
  const dotEnv = join(dirname(path), '.env')
  return { config: readText(path), ...(existsSync(dotEnv) ? { dotEnv: readText(dotEnv) } : {}) }
}

/** The path as a person would type it, when that is shorter. */
function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path)
  return short.startsWith('..') ? path : short
}
