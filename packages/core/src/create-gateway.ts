import { randomUUID } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { type Clock, systemClock } from './clock.ts'
import type { SharedSummaries } from './condensation/shared-summaries.ts'
import type { Environment } from './config/interpolate.ts'
import { ConfigError } from './config/problem.ts'
import { checkConfig, type CheckedConfig } from './config/read.ts'
import { problemAt } from './config/origin.ts'
import { redisSecrets } from './config/redis-url.ts'
import type { GatewayConfigInput } from './config/schema.ts'
import { summaryOffWarnings } from './config/summary-model.ts'
import { Gateway, type GatewayLog } from './gateway.ts'
import type { Assemble } from './reload.ts'
import { Ledger } from './metrics/ledger.ts'
import type { SummaryReport } from './metrics/condensation.ts'
import type { Outcome } from './metrics/outcome.ts'
import { configureProviders } from './plugins/configure.ts'
import type { Peers } from './peers.ts'
import type { PluginLoad } from './plugins/load.ts'
import { createRegistry } from './plugins/registry.ts'
import { buildSnapshot } from './snapshot.ts'

export interface GatewayOptions {
  /** Plugins that need no loading. */
  readonly plugins?: readonly ProviderPlugin[]
  /** Loads the plugins that are not given. Default: only the given ones are known. */
  readonly load?: PluginLoad
  /** Where keys and `${NAME}` references are looked up. Default: nowhere. */
  readonly env?: Environment
  readonly clock?: Clock
  /** In [0, 1). */
  readonly random?: () => number
  /** Ids for requests that bring none; `[A-Za-z0-9._-]`. */
  readonly newId?: () => string
  /** Called once for each request, when it has ended. */
  readonly observe?: (outcome: Outcome) => void
  /** Called once for each summary that was made, or failed. */
  readonly observeSummary?: (report: SummaryReport) => void
  readonly log?: GatewayLog
  /** The `user-agent` of upstream requests. */
  readonly userAgent?: string
  /** Resolves the names of upstreams, as `dns.lookup` does. Addresses that are never asked are left out of its answers. */
  readonly lookup?: LookupFunction
  /** Other gateways that share what is learnt about providers. Default: none. */
  readonly peers?: Peers
  /** Where summaries are kept for other gateways and found from them, with `condensation.cache_shared`. Default: nowhere. */
  readonly cache?: SharedSummaries
}

const silent: GatewayLog = { error: () => undefined }

/** A log that throws must not take a request, or the permit of a breaker, along. */
function unfailing(log: GatewayLog): GatewayLog {
  const write = (level: 'error' | 'warn') => (facts: object, message: string) => {
    try {
      log[level]?.(facts, message)
    } catch {
      // There is nowhere else to tell it.
    }
  }
  return { error: write('error'), warn: write('warn') }
}

/** Starts a gateway from a configuration object or a file that was read. Rejects with a `ConfigError` that lists everything wrong. */
export async function createGateway(
  config: GatewayConfigInput | CheckedConfig,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const clock = options.clock ?? systemClock
  const assemble: Assemble = async (given, before, env = options.env ?? {}) => {
    const { secrets, ...parts } = await configured(given, options, env)
    const userAgent = options.userAgent ?? 'llmproxy'
    const { lookup } = options
    return { snapshot: buildSnapshot({ ...parts, clock, userAgent, lookup, before: before() }), secrets }
  }
  return new Gateway({
    first: await assemble(config, () => undefined),
    assemble,
    ledger: new Ledger(clock),
    clock,
    random: options.random ?? Math.random,
    newId: options.newId ?? randomUUID,
    observe: options.observe,
    observeSummary: options.observeSummary,
    log: options.log === undefined ? silent : unfailing(options.log),
    peers: options.peers,
    cache: options.cache,
  })
}

/** Everything that a configuration means, before it is taken into use. Rejects with a `ConfigError`. */
async function configured(
  given: GatewayConfigInput | CheckedConfig,
  options: GatewayOptions,
  env: Environment,
) {
  const checked = isChecked(given) ? given : checkConfig(given, env)
  const { config, origin } = checked
  if (config === undefined) throw new ConfigError(checked.problems)
  // Anew each time: what was installed since the last load is found.
  const { plugins = [], load } = options
  const registry = createRegistry({ plugins, ...(load === undefined ? {} : { load }) })
  const { on, off, problems, warnings } = await configureProviders(config, { registry, env, origin })
  if (problems.length > 0) throw new ConfigError(problems)
  const keys = config.api_keys.map((key) => ('key' in key ? key.key : key).reveal())
  const secrets = [...on.flatMap((entry) => entry.secrets), ...keys, ...redisSecrets(config.redis_url)]
  const summaries = summaryOffWarnings(config, off).map(({ path, message }) =>
    problemAt(origin, path, message),
  )
  return { config, on, off, warnings: [...summaries, ...warnings], secrets }
}

function isChecked(config: GatewayConfigInput | CheckedConfig): config is CheckedConfig {
  return 'origin' in config && 'problems' in config
}
