import { Agent } from 'undici'
import { openUpstream, type UpstreamOptions } from './upstream.ts'

/** Origins at a time: a provider has a token endpoint, a host for its health and one for its list of models. */
const mostOrigins = 8

/**
 * Connections to what is not a provider's own address: its token endpoint, the hosts of its health check and its list of models. The
 * rules for connecting are those of the provider's own. Nothing is opened before it is needed.
 */
export function openElsewhere(options: Omit<UpstreamOptions, 'connections'>): Agent {
  return new Agent({
    maxOrigins: mostOrigins,
    factory: (origin) => openUpstream(String(origin), { ...options, connections: 4 }),
  })
}
