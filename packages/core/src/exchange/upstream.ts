import { buildConnector, Client, type Dispatcher, Pool } from 'undici'

export interface UpstreamOptions {
  /** Milliseconds; 0 means no limit. */
  readonly connectTimeoutMs: number
  /** Milliseconds that an idle socket is kept. */
  readonly keepAliveMs: number
  readonly allowH2: boolean
}

/** A client of the pool that remembers whether its present socket has served a request. */
export interface TrackedClient {
  used: boolean
}

/** A dispatch handler that is told which client serves it. */
export interface TrackedHandler extends Dispatcher.DispatchHandler {
  client: TrackedClient | undefined
}

class TrackingClient extends Client implements TrackedClient {
  used = false

  constructor(origin: URL, options: Client.Options) {
    super(origin, options)
    this.on('disconnect', () => {
      this.used = false
    })
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    ;(handler as TrackedHandler).client = this
    return super.dispatch(options, handler)
  }
}

/** The connections to one origin. HTTP/1.1 unless asked otherwise: with HTTP/2 all streams share one connection's fate. */
export function openUpstream(origin: string, options: UpstreamOptions): Pool {
  const connect = buildConnector({ timeout: options.connectTimeoutMs, allowH2: options.allowH2 })
  return new Pool(origin, {
    // Unlimited: the concurrency gate in front has a queue timeout, the pool's own queue has none.
    connections: null,
    pipelining: 1,
    allowH2: options.allowH2,
    keepAliveTimeout: Math.max(1, options.keepAliveMs),
    keepAliveMaxTimeout: Math.max(60_000, options.keepAliveMs),
    // A server's keep-alive hint is shortened by this much, against the race of both sides closing.
    keepAliveTimeoutThreshold: 2_000,
    // Time limits are ours: these have a granularity of about a second and do not run in every phase.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect,
    factory: (url, clientOptions) => new TrackingClient(url, clientOptions),
  })
}
