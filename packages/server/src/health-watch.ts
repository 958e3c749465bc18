import type { Gateway, HealthFound } from '@llmproxy/core'
import type { Logger } from './log/logger.ts'

/** How the workers of one server share health checks: one of them asks, and tells the others. */
export type HealthSharing =
  | { readonly tell: (found: HealthFound) => void }
  | { readonly listen: (hear: (found: HealthFound) => void) => void }

/**
 * Checks the health of the providers, or hears what another worker has found; the log of the one that checks tells of those that turn
 * unhealthy, or well again. The result ends it.
 */
export function watchHealth(
  gateway: Pick<Gateway, 'watchHealth' | 'hearHealth'>,
  log: Logger,
  sharing?: HealthSharing,
): () => void {
  if (sharing !== undefined && 'listen' in sharing) {
    sharing.listen((found) => gateway.hearHealth(found))
    return () => undefined
  }
  return gateway.watchHealth(({ provider, status, reason, message }) => {
    if (status === 'unhealthy') log.warn({ provider, reason, message }, 'provider is unhealthy')
    else log.info({ provider }, 'provider is well again')
  }, sharing?.tell)
}
