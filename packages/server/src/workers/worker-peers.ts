import type { Peers } from '@llmproxy/core'
import type { Channel } from './channel.ts'
import { kinds } from './messages.ts'

/** The other workers of a server as peers, reached through the primary process. */
export function workerPeers(channel: Channel): Peers {
  return {
    tell: (pause) => channel.tell(kinds.pause, pause),
    listen: (hear) => channel.on(kinds.pause, hear),
  }
}
