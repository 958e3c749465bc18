import type { Gateway } from '@llmproxy/core'
import type { Logger } from './log/logger.ts'

/** Checks the health of the providers; the log tells of those that turn unhealthy, or well again. The result ends it. */
export function watchHealth(gateway: Pick<Gateway, 'watchHealth'>, log: Logger): () => void {
  return gateway.watchHealth(({ provider, status, reason, message }) => {
    if (status === 'unhealthy') log.warn({ provider, reason, message }, 'provider is unhealthy')
    else log.info({ provider }, 'provider is well again')
  })
}
