import { ConfigError, configChanges, readConfig } from '@llmproxy/core'
import { resolve } from 'node:path'
import { needsRestart, restartKeys } from '../reload/restart-keys.ts'
import type { CommandContext } from './command-context.ts'
import { type ConfigFile, readText } from './config-file.ts'

/**
 * What a server that runs with the file `was` would make of `file`: lines for people. Both are read with the environment of now, so
 * a copy of the former file is enough. Throws a `ConfigError` when the former file has problems.
 */
export function compareConfigs(context: CommandContext, was: string, file: ConfigFile): readonly string[] {
  const { config: before, problems } = readConfig(readText(resolve(context.cwd, was)), {
    file: was,
    env: file.env,
  })
  if (before === undefined) throw new ConfigError(problems)
  const now = file.checked.config
  if (now === undefined) return []
  const restart = needsRestart(before, now)
  const live = configChanges(before, now).filter((path) => !restartKeys.some((key) => key === path))
  return [
    ...(live.length > 0 ? [`a reload changes ${live.join(', ')}`] : []),
    ...(restart.length > 0 ? [`a restart is needed for ${restart.join(', ')}`] : []),
    ...(live.length + restart.length === 0 ? [`nothing has changed since ${was}`] : []),
  ]
}
