import { configChanges, type GatewayConfig } from '@llmproxy/core'

/** The keys of the configuration that are read once, at the start. All others take effect with a reload. */
export const restartKeys = [
  'host',
  'port',
  'workers',
  'redis_url',
  'redis_prefix',
  'redis_timeout',
  'redis_failure',
  'log_file',
] as const satisfies readonly (keyof GatewayConfig)[]

export type RestartKey = (typeof restartKeys)[number]

/**
 * The keys that differ from what a server was started with and that it goes on with until it is started again. `fixed`: those that the
 * command line decides, whatever the file says.
 */
export function needsRestart(
  started: GatewayConfig,
  now: GatewayConfig,
  fixed: readonly RestartKey[] = [],
): readonly RestartKey[] {
  const changed = new Set(configChanges(started, now))
  return restartKeys.filter((key) => changed.has(key) && !fixed.includes(key))
}
