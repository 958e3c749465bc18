import { CommandFailed, type CommandContext } from '../cli/command-context.ts'
import { type ConfigFile, openConfig } from '../cli/config-file.ts'
import type { StartArguments } from '../cli/start.ts'
import { listenError } from '../listen-error.ts'
import { ConfigWatch } from '../reload/config-watch.ts'
import { configSource, digestOf } from '../reload/reading.ts'
import { Primary } from './primary.ts'
import { canReusePort, type Place, refuseTakenPort } from './reuse-port.ts'
import { raisedLimits } from './shares.ts'

/** Milliseconds that a worker has beyond its time to drain; one that still runs then is stuck. */
const lastWordsMs = 5_000

/** Serves with several workers, and follows the configuration for them, until the process is asked to end. */
export async function startPrimary(
  context: CommandContext,
  file: ConfigFile,
  given: StartArguments,
): Promise<void> {
  const { config } = file.checked
  const count = config?.workers ?? 1
  const reusePort = await canReusePort()
  if (reusePort) await refuseTaken({ host: given.host ?? config!.host, port: given.port ?? config!.port })
  const complain = (line: string) => context.complain(line)
  const primary = new Primary({ count, texts: file.texts, reusePort, complain })
  const asked = context.untilSignal(() => {
    primary.kill()
    process.exit(1)
  })
  const watch = watchFor(context, file, primary)
  context.onHangup(() => void watch.now())
  const started = await Promise.race([primary.start(), asked])
  if (started === false) {
    watch.close()
    throw new CommandFailed('the first worker could not start')
  }
  if (started === true) {
    context.print(`${count} workers serve it`)
    for (const warning of config === undefined ? [] : raisedLimits(config))
      context.print(`warning: ${warning}`)
  }
  await asked
  watch.close()
  primary.stop()
  const { shutdown_delay = 0, shutdown_timeout = 0 } = config ?? {}
  const late = setTimeout(() => primary.kill(), (shutdown_delay + shutdown_timeout) * 1000 + lastWordsMs)
  const code = await primary.ended
  clearTimeout(late)
  context.leave()
  if (code !== 0) throw new CommandFailed('a worker did not end in good order')
}

async function refuseTaken(place: Place): Promise<void> {
  try {
    await refuseTakenPort(place)
  } catch (error) {
    throw listenError(error, place, '--port or `port:`')
  }
}

function watchFor(context: CommandContext, file: ConfigFile, primary: Primary): ConfigWatch {
  let { config } = file.checked
  return new ConfigWatch({
    source: configSource(file.path),
    digest: digestOf(file.texts),
    intervalMs: () => (config?.reload_interval ?? 0) * 1000,
    async changed(reading) {
      if (reading.kind === 'texts')
        config = openConfig(context, file.path, reading.texts).checked.config ?? config
      await primary.reload(reading)
    },
  })
}
