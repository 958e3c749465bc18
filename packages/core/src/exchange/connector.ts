import { type LookupFunction, type Socket } from 'node:net'
import { buildConnector, errors } from 'undici'
import type { Clock } from '../clock.ts'
import { isNeverAsked } from '../config/never-asked.ts'
import { guardedLookup, neverAskedError } from './guarded-lookup.ts'

export interface ConnectorOptions {
  /** Milliseconds for name, connection and TLS handshake together; 0 means no limit. */
  readonly connectTimeoutMs: number
  readonly allowH2: boolean
  readonly clock: Clock
  /** Resolves names. Default: the system's. */
  readonly lookup?: LookupFunction | undefined
}

/** Begins to connect. The result gives the attempt up, which is told as a failure; it does nothing once there was an end. */
export type Connector = (target: buildConnector.Options, callback: buildConnector.Callback) => () => void

/**
 * How every connection to an upstream begins: within the limit, and never to an address that `isNeverAsked()`, whatever its name
 * resolved to before. The limit is not the library's, which may be a second late.
 */
export function connector({ connectTimeoutMs, allowH2, clock, lookup }: ConnectorOptions): Connector {
  // The types hide that the socket is given back.
  const connect = buildConnector({
    timeout: 0,
    allowH2,
    lookup: guardedLookup(lookup),
  }) as unknown as (target: buildConnector.Options, callback: buildConnector.Callback) => Socket
  return (target, callback) => {
    // Nothing is looked up for an address.
    if (isNeverAsked(target.hostname)) {
      queueMicrotask(() => callback(neverAskedError(), null))
      return ignore
    }
    let over = false
    let timer: unknown
    const socket = connect(target, (...result) => {
      over = true
      if (timer !== undefined) clock.cancel(timer)
      callback(...result)
    })
    const end = (error: Error) => {
      if (!over) socket.destroy(error)
    }
    if (connectTimeoutMs > 0) {
      timer = clock.after(connectTimeoutMs, () => end(new errors.ConnectTimeoutError()))
    }
    return () => end(givenUp)
  }
}

// One shared object: nobody reads its stack.
const givenUp = new Error('nobody waits for the connection any more')

function ignore(): void {}
