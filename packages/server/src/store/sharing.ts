import type { Clock, Ledger, Peers, SharedSummaries } from '@llmproxy/core'
import type { ServerLog } from '../log/logger.ts'
import type { Counter } from './counter.ts'
import { MemoryCounter } from './memory-counter.ts'
import { sharedStore, type StoreSettings } from './shared-store.ts'

/** What the workers of one server share without a store. */
export interface AmongWorkers {
  readonly peers?: Peers
  readonly counter?: (clock: Clock) => Counter
}

/** Where a server counts, whom it tells of pauses, and where it keeps summaries for others. */
export interface Sharing {
  readonly counter: Counter
  /** `undefined`: there is nobody else. */
  readonly peers: Peers | undefined
  /** `undefined`: there is no store. */
  readonly cache: SharedSummaries | undefined
  /** See `SharedStore.open`; nothing to do without a store. */
  open(log: ServerLog, ledger: Pick<Ledger, 'gauge' | 'storeFailed'>): Promise<void>
  readonly close: () => Promise<void>
}

/** With `redis_url`, all instances and their workers share its store; without, the workers what they have; alone, nothing. */
export function sharing(settings: StoreSettings | undefined, workers: AmongWorkers, clock: Clock): Sharing {
  const own = workers.counter?.(clock) ?? new MemoryCounter(clock)
  const store = settings && sharedStore(settings, clock, own)
  return {
    counter: store?.counter ?? own,
    peers: store?.peers ?? workers.peers,
    cache: store?.cache,
    open: async (log, ledger) => store?.open(log, ledger),
    close: async () => store?.close(),
  }
}
