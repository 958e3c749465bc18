import type { Server } from 'node:http'
import type { Clock } from '@llmproxy/core'
import type { LiveSettings } from './live-settings.ts'
import type { ServerLog } from './log/logger.ts'

const logEveryMs = 10_000

export interface ConnectionLimitParts {
  readonly live: LiveSettings
  readonly log: Pick<ServerLog, 'warn'>
  readonly clock: Pick<Clock, 'now'>
}

/**
 * Keeps connections to `max_client_connections`: those above are closed before anything is read from them, so that a flood takes
 * neither the memory nor the files that answers need. The log says so at once, then every ten seconds.
 */
export function limitConnections(server: Server, { live, log, clock }: ConnectionLimitParts): void {
  live.follow(({ max_client_connections }) => {
    server.maxConnections = max_client_connections
  })
  let dropped = 0
  let toldAt = -Infinity
  server.on('drop', () => {
    dropped++
    if (clock.now() - toldAt < logEveryMs) return
    log.warn(
      { dropped, max_client_connections: server.maxConnections },
      'too many connections: new ones are closed',
    )
    toldAt = clock.now()
    dropped = 0
  })
}
