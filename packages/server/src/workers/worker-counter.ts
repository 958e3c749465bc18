import type { Counter, Limit, Verdict } from '../store/counter.ts'
import type { LocalCounter } from '../store/shared-counter.ts'
import type { Channel } from './channel.ts'
import { kinds } from './messages.ts'

/** Milliseconds that the primary process has to answer. It does nothing else, so this is a process that is stuck or gone. */
const patienceMs = 1_000

/**
 * Counts in the primary process, for all workers. While it does not answer, `alone` counts for this worker, from what was last told of
 * the limit that is nearest.
 */
export function workerCounter(channel: Channel, alone: LocalCounter): Counter {
  return {
    async hit(caller: string, limits: readonly Limit[]): Promise<Verdict> {
      const verdict = await channel.ask<Verdict>(kinds.count, { caller, limits }, patienceMs)
      if (verdict === undefined) return alone.hit(caller, limits)
      note(alone, caller, limits, verdict)
      return verdict
    },
  }
}

function note(alone: LocalCounter, caller: string, limits: readonly Limit[], verdict: Verdict): void {
  if ('unknown' in verdict) return
  const nearest = limits.find(({ setting }) => setting === verdict.setting)
  if (nearest === undefined) return
  alone.note?.(caller, nearest, { count: verdict.limit - verdict.remaining, resetMs: verdict.resetMs })
}
