import { Client, type Dispatcher, Pool } from 'undici'
import { type Connector, connector, type ConnectorOptions } from './connector.ts'

export interface UpstreamOptions extends ConnectorOptions {
  /** Milliseconds that an idle socket is kept. */
  readonly keepAliveMs: number
  /** Sockets at most; above it requests wait without a limit. Default: as many as there are requests. */
  readonly connections?: number
}

/** A client of the pool that remembers whether its present socket has served a request. */
export interface TrackedClient {
  used: boolean
  /** A request does not wait for the connection any more. When nobody else does, the attempt to connect ends. */
  giveUp(): void
}

/** A dispatch handler that is told which client serves it. */
export interface TrackedHandler extends Dispatcher.DispatchHandler {
  client: TrackedClient | undefined
}

class TrackingClient extends Client implements TrackedClient {
  used = false
  readonly #connecting: { giveUp: () => void }

  constructor(origin: URL, options: Client.Options, connect: Connector) {
    const connecting = { giveUp: () => undefined as void }
    super(origin, {
      ...options,
      connect: (target, callback) => {
        connecting.giveUp = connect(target, callback)
      },
    })
    this.#connecting = connecting
    this.on('disconnect', () => {
      this.used = false
    })
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    ;(handler as TrackedHandler).client = this
    return super.dispatch(options, handler)
  }

  giveUp(): void {
    // With HTTP/2 others may wait for the same connection.
    if (this.stats.size <= 1) this.#connecting.giveUp()
  }

  // The library lets a connection come about only to close it, and keeps the process alive until then.
  override destroy(...given: unknown[]): Promise<void> {
    const destroyed = super.destroy.apply(this, given as [])
    this.#connecting.giveUp()
    return destroyed
  }
}

/** The connections to one origin. */
export class Upstream extends Pool {
  readonly #open: () => TrackingClient
  readonly #single = new Set<TrackingClient>()

  constructor(origin: string, options: Pool.Options, connect: Connector) {
    super(origin, { ...options, factory: (url, given) => new TrackingClient(url, given, connect) })
    this.#open = () => new TrackingClient(new URL(origin), options, connect)
  }

  /**
   * Sends one request over a connection that has served no other, and is closed behind it: where one kept connection was found
   * dead, the next one in the pool may be as dead.
   */
  dispatchFresh(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const client = this.#open()
    this.#single.add(client)
    client.dispatch(options, handler)
    client
      .close()
      .catch(() => undefined)
      .finally(() => this.#single.delete(client))
  }

  override async destroy(...given: unknown[]): Promise<void> {
    await Promise.all([
      super.destroy.apply(this, given as []),
      ...[...this.#single].map((one) => one.destroy()),
    ])
  }
}

/** HTTP/1.1 unless asked otherwise: with HTTP/2 all streams share one connection's fate. */
export function openUpstream(origin: string, options: UpstreamOptions): Upstream {
  const pool = {
    // Unlimited: the concurrency gate in front has a queue timeout, the pool's own queue has none.
    connections: options.connections ?? null,
    pipelining: 1,
    allowH2: options.allowH2,
    keepAliveTimeout: Math.max(1, options.keepAliveMs),
    keepAliveMaxTimeout: Math.max(60_000, options.keepAliveMs),
    // A server's keep-alive hint is shortened by this much, against the race of both sides closing.
    keepAliveTimeoutThreshold: 2_000,
    // Time limits are ours: these have a granularity of about a second and do not run in every phase.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  return new Upstream(origin, pool, connector(options))
}
