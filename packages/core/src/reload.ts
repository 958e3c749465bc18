import type { Environment } from './config/interpolate.ts'
import type { GatewayConfigInput } from './config/schema.ts'
import type { CheckedConfig } from './config/read.ts'
import type { Snapshot } from './snapshot.ts'

/** A configuration that is ready to serve. */
export interface Assembled {
  readonly snapshot: Snapshot
  /** Texts that must never be shown. */
  readonly secrets: readonly string[]
}

/**
 * Makes a configuration ready. `before` is asked late, when everything is validated: live state is carried over from what serves
 * then. `env`: instead of that of the start. Rejects with a `ConfigError`.
 */
export type Assemble = (
  config: GatewayConfigInput | CheckedConfig,
  before: () => Snapshot | undefined,
  env?: Environment,
) => Promise<Assembled>

/** What a reload has changed. */
export interface ReloadReport {
  /** Paths of the configuration, such as `providers.openai.timeout`, in the order of the schema; values are never told. */
  readonly changed: readonly string[]
}
