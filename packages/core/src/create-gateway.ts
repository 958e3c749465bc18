import { randomUUID } from 'node:crypto'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { type Clock, systemClock } from './clock.ts'
import type { Environment } from './config/interpolate.ts'
import { ConfigError } from './config/problem.ts'
import { checkConfig, type CheckedConfig } from './config/read.ts'
import type { GatewayConfigInput } from './config/schema.ts'
import { scrubber } from './config/scrubber.ts'
import { Gateway, type GatewayLog } from './gateway.ts'
import { Ledger } from './metrics/ledger.ts'
import type { Outcome } from './metrics/outcome.ts'
import { configureProviders } from './plugins/configure.ts'
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
  readonly log?: GatewayLog
  /** The `user-agent` of upstream requests. */
  readonly userAgent?: string
}

const silent: GatewayLog = { error: () => undefined }

/** Starts a gateway from a configuration object or a file that was read. Rejects with a `ConfigError` that lists everything wrong. */
export async function createGateway(
  config: GatewayConfigInput | CheckedConfig,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const env = options.env ?? {}
  const checked = isChecked(config) ? config : checkConfig(config, env)
  if (checked.config === undefined) throw new ConfigError(checked.problems)
  const registry = createRegistry({
    plugins: options.plugins ?? [],
    ...(options.load === undefined ? {} : { load: options.load }),
  })
  const { on, off, problems } = await configureProviders(checked.config, {
    registry,
    env,
    origin: checked.origin,
  })
  if (problems.length > 0) throw new ConfigError(problems)
  const clock = options.clock ?? systemClock
  const secrets = [
    ...on.flatMap((entry) => entry.secrets),
    ...checked.config.api_keys.map((key) => ('key' in key ? key.key : key).reveal()),
  ]
  return new Gateway({
    snapshot: buildSnapshot({
      config: checked.config,
      on,
      off,
      clock,
      userAgent: options.userAgent ?? 'llmproxy',
    }),
    ledger: new Ledger(clock),
    clock,
    random: options.random ?? Math.random,
    newId: options.newId ?? randomUUID,
    scrub: scrubber(secrets),
    observe: options.observe,
    log: options.log ?? silent,
  })
}

function isChecked(config: GatewayConfigInput | CheckedConfig): config is CheckedConfig {
  return 'origin' in config && 'problems' in config
}
