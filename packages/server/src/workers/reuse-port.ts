import { once } from 'node:events'
import { createServer } from 'node:net'

/** Where to listen. */
export interface Place {
  readonly host: string
  readonly port: number
}

/**
 * True when several processes can each have a socket of their own on one port, among which the system shares out the connections
 * (Linux, FreeBSD and others; not macOS, not Windows).
 */
export async function canReusePort(): Promise<boolean> {
  return listens({ host: '127.0.0.1', port: 0, reusePort: true }).then(
    () => true,
    () => false,
  )
}

/**
 * Rejects with the error of the system when nobody can listen there. Sockets that reuse a port do not see another server on it that
 * does the same, so this is asked first.
 */
export function refuseTakenPort(place: Place): Promise<void> {
  return listens(place)
}

async function listens(options: Place & { readonly reusePort?: boolean }): Promise<void> {
  const server = createServer().listen({ ...options, exclusive: true })
  await once(server, 'listening')
  server.close()
  await once(server, 'close')
}
