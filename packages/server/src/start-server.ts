import type { AddressInfo } from 'node:net'
import {
  type CheckedConfig,
  type Clock,
  createGateway,
  formatProblem,
  type Gateway,
  type PluginLoad,
  systemClock,
} from '@llmproxy/core'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import type { FastifyInstance } from 'fastify'
import { buildApp, type ServerPhase } from './app.ts'
import { banner } from './banner.ts'
import { judgeBind } from './bind-rules.ts'
import { drain } from './drain.ts'
import { type HealthSharing, watchHealth } from './health-watch.ts'
import { listenError } from './listen-error.ts'
import { LiveSettings } from './live-settings.ts'
import { createLogger, type Logger, logLevel } from './log/logger.ts'
import { summaryLine } from './log/summary-line.ts'
import { OpenConnections } from './open-connections.ts'
import { rateLimits } from './rate-limits.ts'
import type { RestartKey } from './reload/restart-keys.ts'
import { type ServerReload, serverReload } from './reload/server-reload.ts'
import type { StatusGateway } from './served-gateway.ts'
import { StartRefused } from './start-refused.ts'
import { type AmongWorkers, type Sharing, sharing } from './store/sharing.ts'

/** `peers`, `counter`: what the workers of one server share. Default: nothing. */
export interface StartOptions extends AmongWorkers {
  readonly plugins?: readonly ProviderPlugin[]
  readonly load?: PluginLoad
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Instead of the configuration's. */
  readonly host?: string
  readonly port?: number
  readonly version: string
  /**
   * Other processes listen on the same port, each with a socket of its own: on `port` when it is there, whatever the configuration says.
   * Default: nobody else may.
   */
  readonly sharedPort?: { readonly port?: number | undefined }
  /** Takes the lines for people that are printed at the start. */
  print(line: string): void
  /** Default: JSON lines to standard output or `log_file`. */
  readonly logger?: (scrub: (text: string) => string) => Logger
  readonly clock?: Clock
  /** In [0, 1). Default: `Math.random`. */
  readonly random?: () => number
  /** Its number among the workers of a server; stands in the lines of the log. Default: it serves alone. */
  readonly worker?: number
  /** Default: this gateway checks its providers itself. */
  readonly health?: HealthSharing
  /** What `/health`, `/providers` and `/metrics` tell. Default: what this gateway says. */
  readonly status?: (gateway: Gateway) => StatusGateway
}

export interface RunningServer {
  /** `http://127.0.0.1:8000` */
  readonly url: string
  readonly gateway: Gateway
  /**
   * Takes another configuration into use and logs what has changed. Rejects with a `ConfigError`, and logs why, when it is faulty or
   * would let other machines in without a key; nothing changes then. Does nothing once the server has been asked to leave. `env`:
   * where keys are looked up; default: where they were at the start.
   */
  readonly reload: ServerReload
  /**
   * Leaves in order: `/readyz` turns 503, after `shutdown_delay` no new connections, up to `shutdown_timeout` for what runs,
   * then an error at the end of every stream that is left. Resolves when everything is closed and logged.
   */
  readonly close: () => Promise<void>
}

/** Starts a gateway and serves it. Rejects with a `ConfigError` or with {@link StartRefused}. */
export async function startServer(checked: CheckedConfig, options: StartOptions): Promise<RunningServer> {
  const { clock = systemClock, version } = options
  const later: { log?: Logger } = {}
  const shared = sharing(checked.config, options, clock)
  const gateway = await createGateway(checked, {
    plugins: options.plugins ?? [],
    ...(options.load && { load: options.load }),
    env: options.env ?? {},
    clock,
    ...(options.random && { random: options.random }),
    log: {
      error: (facts, message) => later.log?.error(facts, message),
      warn: (facts, message) => later.log?.warn(facts, message),
    },
    observeSummary: (report) => later.log?.info(summaryLine(report), 'summary'),
    userAgent: `llmproxy/${version}`,
    ...(shared.peers && { peers: shared.peers }),
    ...(shared.cache && { cache: shared.cache }),
  })
  try {
    const { place, warnings } = allowedPlace(gateway, options)
    const log = (options.logger ?? defaultLogger(gateway, options))((text) => gateway.scrub(text))
    later.log = log
    await shared.open(log, gateway.ledger)
    const server = await serve({ gateway, options, shared, log, clock, place })
    const lines = banner(gateway, { version, url: server.url, keys: gateway.config.api_keys.length })
    for (const line of lines) options.print(line)
    for (const warning of [...warnings, ...textOf(checked), ...textOf(gateway)])
      options.print(`warning: ${warning}`)
    log.info({ url: server.url, version, providers: gateway.on.map(({ name }) => name) }, 'listening')
    return server
  } catch (error) {
    await Promise.all([gateway.close(), shared.close()])
    throw error
  }
}

function allowedPlace({ config }: Gateway, options: StartOptions) {
  const { sharedPort } = options
  const port = sharedPort?.port ?? options.port ?? config.port
  const place = { host: options.host ?? config.host, port, reusePort: sharedPort !== undefined }
  const { refusal, warnings } = judgeBind(place.host, config.api_keys)
  if (refusal !== undefined) throw new StartRefused(refusal)
  return { place, warnings }
}

interface ServeParts {
  readonly gateway: Gateway
  readonly options: StartOptions
  readonly shared: Sharing
  readonly log: Logger
  readonly clock: Clock
  readonly place: ListenPlace
}

async function serve({ gateway, options, shared, log, clock, place }: ServeParts): Promise<RunningServer> {
  const { config } = gateway
  let phase: ServerPhase = 'serving'
  const live = new LiveSettings(config)
  const limits = rateLimits(config, shared.counter)
  const status = options.status?.(gateway) ?? gateway
  const app = buildApp(gateway, { settings: live, log, clock, limits, status, phase: () => phase })
  const connections = new OpenConnections(app.server)
  const url = await listen(app, place)
  const restHealth = watchHealth(gateway, log, options.health)
  const enter = (next: ServerPhase) => {
    phase = next
    restHealth()
  }
  const serving = () => phase === 'serving'
  const leave = async () => {
    try {
      await drain({ app, connections, gateway, log, clock, enter })
    } finally {
      await shared.close()
    }
  }
  let left: Promise<void> | undefined
  return {
    url,
    gateway,
    reload: serverReload({ gateway, live, log, host: place.host, fixed: fixedBy(options), serving }),
    close: () => (left ??= leave()),
  }
}

/** What the command line decides, whatever the configuration says. */
function fixedBy({ host, port }: StartOptions): readonly RestartKey[] {
  return [
    ...(host === undefined ? [] : (['host'] as const)),
    ...(port === undefined ? [] : (['port'] as const)),
  ]
}

function textOf({ warnings }: Pick<CheckedConfig, 'warnings'>): readonly string[] {
  return warnings.map(formatProblem)
}

function defaultLogger({ config }: Gateway, options: StartOptions) {
  return (scrub: (text: string) => string) =>
    createLogger({
      level: logLevel(config),
      file: config.log_file,
      scrub,
      worker: options.worker,
      complain: (line) => options.print(`warning: ${line}`),
    })
}

interface ListenPlace {
  readonly host: string
  readonly port: number
  readonly reusePort: boolean
}

async function listen(app: FastifyInstance, { host, port, reusePort }: ListenPlace): Promise<string> {
  try {
    await app.listen({ host, port, ...(reusePort && { reusePort, exclusive: true }) })
  } catch (error) {
    throw listenError(error, { host, port }, '--port or `port:`')
  }
  const { address, family, port: bound } = app.server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`
}
