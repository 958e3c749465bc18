import type { RedisTarget } from '@llmproxy/core'
import { Redis } from 'ioredis'
import { type ScriptCommands, scripts } from './scripts.ts'

export type RedisClient = Redis & ScriptCommands

/** Milliseconds. */
const limits = {
  connect: 5_000,
  /** An answer is due for so long: the connection is dead, whatever the network says. */
  silence: 5_000,
  firstRetry: 50,
  longestRetry: 2_000,
  keepAlive: 15_000,
  /** What a connection gets to end in order. */
  end: 200,
} as const

export interface ConnectionEvents {
  /** Commands can be sent. */
  ready(): void
  /** They cannot, or can no longer; `reason` has no address and no secret. Told at each try to connect. */
  lost(reason: string): void
}

/**
 * One connection to Redis or Valkey that comes back by itself, for ever. Nothing waits in it for better times: what is sent while it
 * is away fails at once, and what was on its way when it went is not sent again.
 */
export class StoreConnection {
  readonly client: RedisClient
  readonly #events: ConnectionEvents
  #reason = 'the connection was closed'

  constructor(target: RedisTarget, events: ConnectionEvents) {
    this.#events = events
    this.client = new Redis(optionsOf(target)) as RedisClient
    this.client.on('ready', () => events.ready())
    this.client.on('error', (error: Error) => {
      this.#reason = reasonOf(error)
    })
    this.client.on('close', () => this.#lost())
  }

  /** Begins to connect; does not wait for it. */
  open(): void {
    this.client.connect().catch(() => undefined)
  }

  /** Commands can be sent now. */
  get ready(): boolean {
    return this.client.status === 'ready'
  }

  /** Drops the connection and connects anew. */
  renew(): void {
    this.client.disconnect(true)
  }

  /** Resolves when it is closed, after `limits.end` at the latest. */
  close(): Promise<void> {
    const { client } = this
    if (client.status === 'wait' || client.status === 'end' || client.status === 'reconnecting') {
      client.disconnect()
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limits.end * 2)
      client.once('end', () => {
        clearTimeout(timer)
        resolve()
      })
      client.disconnect()
    })
  }

  #lost(): void {
    const reason = this.#reason
    this.#reason = 'the connection was closed'
    this.#events.lost(reason)
  }
}

function optionsOf({ host, port, tls, database, username, password }: RedisTarget) {
  return {
    host,
    port,
    db: database,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    scripts,
    lazyConnect: true,
    // What every version and every proxy in front of it understands.
    protocol: 2 as const,
    connectionName: 'llmproxy',
    disableClientInfo: true,
    // It asks for INFO, which a login with few rights does not have; what is still loading refuses the probe.
    enableReadyCheck: false,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // Whoever listens asks first what was missed, and listens then.
    autoResubscribe: false,
    maxRetriesPerRequest: 0,
    retryStrategy: retryDelay,
    connectTimeout: limits.connect,
    socketTimeout: limits.silence,
    disconnectTimeout: limits.end,
    keepAlive: limits.keepAlive,
  }
}

/** Doubled each time, half of it by chance: instances that lost the store together do not come back together. */
function retryDelay(times: number): number {
  const delay = Math.min(limits.longestRetry, limits.firstRetry * 2 ** Math.min(times - 1, 10))
  return delay / 2 + (Math.random() * delay) / 2
}

const longestReason = 200

/** Messages of the system name the address, so of those only the code is told; nodes of a cluster name each other's. */
export function reasonOf(error: Error): string {
  const { code } = error as { code?: unknown }
  if (typeof code === 'string') return code
  return /^(?:MOVED|ASK)\b/.test(error.message)
    ? 'it is a node of a cluster, which is not supported'
    : error.message.slice(0, longestReason)
}
