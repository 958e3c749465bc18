import cluster from 'node:cluster'
import { pluginLoader } from '../load-plugin.ts'
import { followConfig } from '../reload/follow-config.ts'
import { startServer } from '../start-server.ts'
import { workerVariable } from '../workers/primary.ts'
import { startPrimary } from '../workers/start-primary.ts'
import { startWorker } from '../workers/start-worker.ts'
import type { CommandContext } from './command-context.ts'
import { openConfig } from './config-file.ts'
import { refuseProblems } from './config-problems.ts'

export interface StartArguments {
  readonly config?: string
  readonly host?: string
  readonly port?: number
}

/** `llmproxy start`: serves, and follows its configuration, until the process is asked to end. */
export async function start(context: CommandContext, given: StartArguments): Promise<void> {
  if (context.env[workerVariable] !== undefined && cluster.isWorker) return startWorker(context, given)
  const { config, host, port } = given
  const file = openConfig(context, config)
  const options = { plugins: context.plugins, load: pluginLoader(file.search), env: file.env }
  await refuseProblems(file, options)
  if ((file.checked.config?.workers ?? 1) > 1) return startPrimary(context, file, given)
  // Before the server can be seen to listen: whoever sees it may ask it to end.
  const asked = context.untilSignal(() => process.exit(1))
  let early = false
  let reread = () => {
    early = true
  }
  context.onHangup(() => reread())
  const server = await startServer(file.checked, {
    ...options,
    version: context.version,
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    print: (line) => context.print(line),
  })
  const watch = followConfig(context, file, server)
  reread = () => void watch.now()
  if (early) reread()
  await asked
  watch.close()
  await server.close()
  context.leave()
}
