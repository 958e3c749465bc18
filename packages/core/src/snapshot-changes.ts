import { configChanges } from './config/changes.ts'
import type { GatewayConfig } from './config/schema.ts'
import type { Snapshot } from './snapshot.ts'

/**
 * The paths at which the configurations of two snapshots differ, and `providers.<name>.api_key` for each provider whose entry is
 * the same, but not the environment that it is read with: its key is another one, has come or is gone.
 */
export function snapshotChanges(before: Snapshot, after: Snapshot): readonly string[] {
  const changed = configChanges(before.config, after.config)
  const told = new Set(changed)
  const silently = after.config.providers.filter(({ name }) => {
    const paths = pathsOf(name, before.config, after.config)
    return !paths.some((path) => told.has(path)) && identityOf(before, name) !== identityOf(after, name)
  })
  return [...changed, ...silently.map(({ name }) => `providers.${name}.api_key`)]
}

/** `undefined`: the provider is off. */
function identityOf({ live }: Snapshot, name: string): string | undefined {
  return live.get(name)?.identity
}

function pathsOf(name: string, ...configs: readonly GatewayConfig[]): readonly string[] {
  const entries = configs.flatMap(({ providers }) => providers.filter((entry) => entry.name === name))
  const keys = entries.flatMap((entry) => Object.keys(entry))
  return [`providers.${name}`, ...keys.map((key) => `providers.${name}.${key}`)]
}
