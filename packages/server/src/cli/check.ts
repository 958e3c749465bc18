import { ConfigError, type ConfigProblem, createGateway, formatProblem } from '@llmproxy/core'
import { providerLines } from '../banner.ts'
import { judgeBind } from '../bind-rules.ts'
import { pluginLoader } from '../load-plugin.ts'
import { CommandFailed, type CommandContext } from './command-context.ts'
import { type ConfigFile, openConfig } from './config-file.ts'

/** `llmproxy check`: everything that is wrong with the configuration, or what it would switch on and off. */
export async function check(context: CommandContext, { config }: { config?: string }): Promise<void> {
  const file = openConfig(context, config)
  const gateway = await createChecked(context, file)
  try {
    const { refusal, warnings } = judgeBind(gateway.config.host, gateway.config.api_keys)
    for (const warning of [...file.checked.warnings.map(formatProblem), ...warnings]) {
      context.print(`warning: ${warning}`)
    }
    for (const line of providerLines(gateway)) context.print(line)
    if (refusal !== undefined) throw new CommandFailed(refusal)
    context.print(`${file.path} is valid`)
  } finally {
    await gateway.close()
  }
}

async function createChecked(context: CommandContext, { checked, env, search }: ConfigFile) {
  const options = { plugins: context.plugins, load: pluginLoader(search), env }
  if (checked.config !== undefined || checked.partial === undefined) return createGateway(checked, options)
  // What is wrong inside providers is found by their plugins: look at the rest of the file too, and report everything at once.
  const found = [...checked.problems, ...(await providerProblems(checked.partial, checked, options))]
  throw new ConfigError(found)
}

type PartialConfig = NonNullable<ConfigFile['checked']['partial']>

async function providerProblems(
  partial: PartialConfig,
  { origin, warnings }: ConfigFile['checked'],
  options: Parameters<typeof createGateway>[1],
): Promise<readonly ConfigProblem[]> {
  try {
    const gateway = await createGateway({ config: partial, problems: [], warnings, origin }, options)
    await gateway.close()
    return []
  } catch (error) {
    if (ConfigError.is(error)) return error.problems
    throw error
  }
}
