import cluster from 'node:cluster'
import type { CheckedConfig } from '@llmproxy/core'
import { type CommandContext, CommandFailed } from '../cli/command-context.ts'
import { openConfig } from '../cli/config-file.ts'
import { refuseProblems } from '../cli/config-problems.ts'
import type { StartArguments } from '../cli/start.ts'
import { pluginLoader } from '../load-plugin.ts'
import { configOf } from '../reload/follow-config.ts'
import type { Reading } from '../reload/reading.ts'
import { startServer } from '../start-server.ts'
import { MemoryCounter } from '../store/memory-counter.ts'
import { Channel } from './channel.ts'
import { type Assignment, kinds, type ReloadResult } from './messages.ts'
import { shareOf, type WorkerPlace } from './shares.ts'
import { workerCounter } from './worker-counter.ts'
import { workerPeers } from './worker-peers.ts'
import { workerReport, workerStatus } from './worker-status.ts'

const assignmentPatienceMs = 30_000
/** Milliseconds between the counters that a worker leaves with the primary process, in case it dies. */
const ledgerEveryMs = 2_000

/** One of several workers: serves with its share of the limits until the primary process asks it to end, or is gone. */
export async function startWorker(context: CommandContext, args: StartArguments): Promise<void> {
  try {
    await serve(context, args)
  } finally {
    // The channel to the primary process would keep this one alive.
    cluster.worker!.disconnect()
    context.leave()
  }
}

async function serve(context: CommandContext, args: StartArguments): Promise<void> {
  const channel = channelToPrimary()
  const asked = untilAskedToEnd(channel)
  const place = await channel.ask<Assignment | null>(kinds.assignment, undefined, assignmentPatienceMs)
  // The server is ending already.
  if (place === null) return
  if (place === undefined) throw new CommandFailed('the primary process did not answer')
  const file = openConfig(context, args.config, place.texts)
  const options = { plugins: context.plugins, load: pluginLoader(file.search), env: file.env }
  await refuseProblems(file, options)
  const server = await startServer(shared(file.checked, place), {
    ...options,
    version: context.version,
    ...(args.host !== undefined && { host: args.host }),
    ...(args.port !== undefined && { port: args.port }),
    // The first worker may have found a port where none is named: the others join it there.
    ...(place.reusePort && { sharedPort: { port: place.port } }),
    // Every worker would say the same, and so would one that takes the place of the first.
    print: (line) => {
      if (place.index === 0 && place.port === undefined) context.print(line)
    },
    worker: place.index,
    peers: workerPeers(channel),
    counter: (clock) => workerCounter(channel, new MemoryCounter(clock)),
    health:
      place.index === 0
        ? { tell: (found) => channel.tell(kinds.health, found) }
        : { listen: (hear) => channel.on(kinds.health, hear) },
    status: (gateway) => workerStatus(gateway, channel),
  })
  const { gateway } = server
  channel.on(kinds.report, () => workerReport(gateway))
  channel.on(kinds.reload, async (reading: Reading): Promise<ReloadResult> => {
    const { checked, env } = await configOf(context, file, reading)
    // The server has logged what is wrong with it.
    return server.reload(shared(checked, place), env).then(
      () => 'done',
      () => 'refused',
    )
  })
  const leaving = setInterval(() => channel.tell(kinds.ledger, workerReport(gateway).ledger), ledgerEveryMs)
  channel.tell(kinds.listening, Number(new URL(server.url).port))
  await asked
  await server.close()
  clearInterval(leaving)
  channel.tell(kinds.ledger, workerReport(gateway).ledger)
}

function shared(checked: CheckedConfig, place: WorkerPlace): CheckedConfig {
  return checked.config === undefined ? checked : { ...checked, config: shareOf(checked.config, place) }
}

function channelToPrimary(): Channel {
  return new Channel({
    // With a callback, because a failure would be an uncaught error otherwise.
    send: (message) => void process.send?.(message, undefined, undefined, () => undefined),
    onMessage: (listener) => void process.on('message', listener),
  })
}

/**
 * Resolves when the primary process says so, or has gone. Signals are its matter: a terminal sends them to every process of the
 * group, and what the primary says would be a second request.
 */
function untilAskedToEnd(channel: Channel): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined)
  // Without this Node ends the process, and the streams with it, as soon as the primary has gone.
  cluster.worker!.exitedAfterDisconnect = true
  return new Promise((resolve) => {
    channel.on(kinds.drain, () => resolve())
    cluster.worker!.once('disconnect', () => {
      channel.close()
      resolve()
    })
  })
}
