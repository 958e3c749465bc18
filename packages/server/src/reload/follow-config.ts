import { type CheckedConfig, checkConfig, type ConfigProblem } from '@llmproxy/core'
import type { CommandContext } from '../cli/command-context.ts'
import { type ConfigFile, type ConfigTexts, openConfig } from '../cli/config-file.ts'
import { withAllProblems } from '../cli/config-problems.ts'
import { unreadableReason } from '../cli/unreadable.ts'
import { pluginLoader } from '../load-plugin.ts'
import type { RunningServer } from '../start-server.ts'
import { ConfigWatch } from './config-watch.ts'
import { configSource, digestOf, type Reading } from './reading.ts'

/** Reloads a server whenever the file that it was started with, or the `.env` beside it, is another one. */
export function followConfig(
  context: CommandContext,
  file: ConfigFile,
  server: Pick<RunningServer, 'gateway' | 'reload'>,
): ConfigWatch {
  return new ConfigWatch({
    source: configSource(file.path),
    digest: digestOf(file.texts),
    intervalMs: () => server.gateway.config.reload_interval * 1000,
    async changed(reading) {
      const { checked, env } = await configOf(context, file, reading)
      // The server has logged what is wrong with it.
      await server.reload(checked, env).catch(() => undefined)
    },
  })
}

/** A reading as a configuration, with everything that is wrong with it. Never rejects. */
export async function configOf(
  context: CommandContext,
  { path }: ConfigFile,
  reading: Reading,
): Promise<{ checked: CheckedConfig; env?: ConfigFile['env'] }> {
  if (reading.kind === 'unreadable') {
    return { checked: faulty(reading.path, `cannot be read: ${unreadableReason(reading.code)}`) }
  }
  if (isBlank(reading.texts)) {
    return { checked: faulty(path, 'there is nothing in it: to serve nobody write `providers: []`') }
  }
  const file = openConfig(context, path, reading.texts)
  const options = { plugins: context.plugins, load: pluginLoader(file.search), env: file.env }
  // When a plugin breaks while it is asked for further problems, those of the file itself are enough.
  const checked = await withAllProblems(file, options).catch(() => file.checked)
  return { checked, env: file.env }
}

/** A start with such a file has a warning. A server that serves must not stop because a file is emptied before it is written. */
function isBlank({ config }: ConfigTexts): boolean {
  return config.split('\n').every((line) => /^\s*(?:#|$)/.test(line))
}

function faulty(file: string, message: string): CheckedConfig {
  const problem: ConfigProblem = { file, path: [], message }
  const { warnings, origin } = checkConfig({})
  return { problems: [problem], warnings, origin }
}
