import { createGateway, formatProblem, type Gateway } from '@llmproxy/core'
import { providerLines } from '../banner.ts'
import { judgeBind } from '../bind-rules.ts'
import { pluginLoader } from '../load-plugin.ts'
import { CommandFailed, type CommandContext } from './command-context.ts'
import { compareConfigs } from './compare-configs.ts'
import { probedName, probeLine } from './probe-line.ts'
import { openConfig } from './config-file.ts'
import { refuseProblems } from './config-problems.ts'

/**
 * `llmproxy check`: everything that is wrong with the configuration, or what it would switch on and off. `probe`: asks every provider
 * that is on whether it is well, and fails when one is not. `was`: the file that a server runs with; says what a reload would change and
 * what needs a restart.
 */
export async function check(
  context: CommandContext,
  { config, probe, was }: { config?: string; probe?: boolean; was?: string },
): Promise<void> {
  const file = openConfig(context, config)
  const options = { plugins: context.plugins, load: pluginLoader(file.search), env: file.env }
  await refuseProblems(file, options)
  const gateway = await createGateway(file.checked, options)
  try {
    const { refusal, warnings } = judgeBind(gateway.config.host, gateway.config.api_keys)
    const found = [...file.checked.warnings, ...gateway.warnings].map(formatProblem)
    for (const warning of [...found, ...warnings]) {
      context.print(`warning: ${warning}`)
    }
    for (const line of providerLines(gateway)) context.print(line)
    if (refusal !== undefined) throw new CommandFailed(refusal)
    if (was !== undefined) for (const line of compareConfigs(context, was, file)) context.print(line)
    if (probe === true) await probeAll(context, gateway)
    context.print(`${file.path} is valid`)
  } finally {
    await gateway.close()
  }
}

async function probeAll(context: CommandContext, gateway: Gateway): Promise<void> {
  const reports = await gateway.probe()
  for (const report of reports) context.print(gateway.scrub(probeLine(report)))
  const unwell = reports.filter(({ verdict }) => verdict?.status === 'unhealthy')
  if (unwell.length > 0) throw new CommandFailed(`not well: ${unwell.map(probedName).join(', ')}`)
}
