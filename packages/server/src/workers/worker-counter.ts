import type { Counter, Limit, Verdict } from '../store/counter.ts'
import type { Channel } from './channel.ts'
import { kinds } from './messages.ts'

/** Milliseconds that the primary process has to answer. It does nothing else, so this is a process that is stuck or gone. */
const patienceMs = 1_000

/** Counts in the primary process, for all workers. While it does not answer, `alone` counts for this worker. */
export function workerCounter(channel: Channel, alone: Counter): Counter {
  return {
    async hit(caller: string, limits: readonly Limit[]): Promise<Verdict> {
      const verdict = await channel.ask<Verdict>(kinds.count, { caller, limits }, patienceMs)
      return verdict ?? alone.hit(caller, limits)
    },
  }
}
