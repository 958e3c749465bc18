import { randomUUID } from 'node:crypto'
import {
  type Clock,
  type GatewayConfig,
  type Ledger,
  type Peers,
  readRedisUrl,
  type SharedSummaries,
} from '@llmproxy/core'
import type { ServerLog } from '../log/logger.ts'
import type { Counter } from './counter.ts'
import { StoreGuard } from './guard.ts'
import { sharedCache } from './shared-cache.ts'
import { type LocalCounter, SharedCounter } from './shared-counter.ts'
import { SharedPauses } from './shared-pauses.ts'

export type StoreSettings = Pick<
  GatewayConfig,
  'redis_url' | 'redis_prefix' | 'redis_timeout' | 'redis_failure'
>

/** A start waits no longer, whatever `redis_timeout` allows to requests. */
const longestStartMs = 1_000

/** What several instances share through Redis or Valkey. */
export interface SharedStore {
  /** Counts rate limits over all instances. */
  readonly counter: Counter
  /** The other instances, for pauses of providers. */
  readonly peers: Peers
  /** Where summaries are kept for the other instances. */
  readonly cache: SharedSummaries
  /**
   * Connects. Resolves when the store is known to work or not, after `redis_timeout`, or a second, at the latest; never rejects.
   */
  open(log: ServerLog, ledger: Pick<Ledger, 'gauge' | 'storeFailed'>): Promise<void>
  /** Resolves when everything is closed, within half a second. */
  close(): Promise<void>
}

/** `undefined` when the configuration names no Redis. Opens nothing yet. `local` counts while the store is away. */
export function sharedStore(
  settings: StoreSettings,
  clock: Clock,
  local: LocalCounter,
): SharedStore | undefined {
  const { redis_url, redis_prefix: prefix, redis_timeout, redis_failure: failure } = settings
  if (redis_url === null) return undefined
  const target = readRedisUrl(redis_url)
  if (typeof target === 'string') throw new Error(`redis_url ${target}`)
  const timeoutMs = redis_timeout * 1000
  const guard = new StoreGuard({ target, timeoutMs, probeKey: `${prefix}probe`, clock })
  const pauses = new SharedPauses({ guard, target, prefix, id: randomUUID(), clock })
  return {
    counter: new SharedCounter({ guard, local, prefix, failure }),
    peers: pauses,
    cache: sharedCache(guard, prefix),
    open(log, ledger) {
      ledger.gauge({
        name: 'llmproxy_store_up',
        help: '1 when the store shared by several instances answers.',
        read: () => Number(guard.up),
      })
      guard.onFailure = (how) => ledger.storeFailed(how)
      pauses.onDeaf = (reason) => log.warn({ reason }, 'redis does not let this instance hear of pauses')
      return new Promise((resolve) => {
        const timer = clock.after(Math.min(timeoutMs, longestStartMs), resolve)
        guard.onChange = (up, reason) => {
          tellChange(log, up, reason, failure)
          clock.cancel(timer)
          resolve()
        }
        guard.open()
        pauses.open()
      })
    },
    close: async () => void (await Promise.all([guard.close(), pauses.close()])),
  }
}

function tellChange(
  log: ServerLog,
  up: boolean,
  reason: string,
  failure: StoreSettings['redis_failure'],
): void {
  if (up) return log.info({}, 'redis answers: rate limits and pauses of providers are shared')
  const meanwhile =
    failure === 'fail_open'
      ? 'this instance counts rate limits for itself'
      : 'requests for a model that a rate limit applies to are refused'
  log.warn({ reason }, `redis does not answer: ${meanwhile}, until it does`)
}
