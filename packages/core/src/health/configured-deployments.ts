import type { LiveDeployment, LiveProvider } from '../live-provider.ts'
import { entryOf } from '../routing/route-target.ts'

/**
 * Those whose entry is still configured, by their names. A request that began before a reload may have brought back one whose entry
 * is gone.
 */
export function configuredDeployments({ config, deployments }: LiveProvider): [string, LiveDeployment][] {
  const entries = new Set(config.models.map((model) => entryOf(model).id))
  return [...deployments].filter(([, { entry }]) => entries.has(entry))
}
