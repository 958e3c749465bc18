import { type ContinuationResult, isContinuable } from './exchange/continuation.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import type { RequestRun } from './request-run.ts'
import { isSocketRace } from './resilience/fault-table.ts'
import type { RouteTarget } from './routing/route-target.ts'
import type { Served, Tried } from './serve.ts'

/** A stream that failed after its first frames had been sent. */
export interface Broken {
  readonly kind: 'broken'
  readonly fault: AttemptFault
  readonly repairedFrames: number
}

/** Who may be asked for the rest of a stream. */
export interface Others {
  /** The deployments of the route, in order. */
  readonly targets: readonly RouteTarget[]
  /** Which of them broke off. */
  readonly index: number
  /** Attempts of the whole request. */
  readonly maxAttempts: number
  readonly ask: (target: RouteTarget) => Promise<Tried>
}

/**
 * Asks the deployments behind the one that broke off, and at last that one again, for the rest of its answer, each once and
 * without a pause: the client waits in the middle of a sentence. What breaks off again is continued again, while there are attempts.
 * When nobody goes on, the first break is what the client is told.
 */
export async function continueStream(run: RequestRun, broken: Broken, others: Others): Promise<Served> {
  if (run.cancelled !== undefined || !isContinuable(broken.fault)) return broken
  const before = run.attempts.length
  let { index } = others
  let { repairedFrames } = broken
  for (let cut = broken; isContinuable(cut.fault);) {
    const next = await nextOf(run, { ...others, index })
    if (next === undefined) break
    repairedFrames += next.tried.repairedFrames
    if (next.tried.kind === 'answered') return concluded(run, 'complete', { ...next.tried, repairedFrames })
    cut = next.tried
    index = next.index
  }
  const fault = run.cancelled ?? broken.fault
  const left = fault.kind === 'cancelled'
  const result = left ? 'abandoned' : run.attempts.length > before ? 'failed' : 'impossible'
  return concluded(run, result, { ...broken, fault, repairedFrames })
}

function concluded(run: RequestRun, result: ContinuationResult, served: Served): Served {
  run.continuing!.result = result
  return served
}

interface Next {
  readonly index: number
  readonly tried: Broken | Extract<Tried, { kind: 'answered' }>
}

/** The first deployment that goes on with the stream. */
async function nextOf(
  run: RequestRun,
  { targets, index, maxAttempts, ask }: Others,
): Promise<Next | undefined> {
  const rest = run.askForRest()
  if (rest === undefined) return undefined
  for (const candidate of [...targets.keys()].slice(index + 1).concat(index)) {
    const target = targets[candidate]!
    if (rest.needsSupport && target.supports.continuation !== true) continue
    // The second time only for a kept-alive socket that died before it was of use.
    for (let raced = false; ; raced = true) {
      if (run.cancelled !== undefined || run.remainingMs <= 0) return undefined
      if (run.attempts.length >= maxAttempts) return undefined
      const tried = await ask(target)
      if (tried.kind === 'answered' || tried.kind === 'broken') return { index: candidate, tried }
      if (tried.fault.kind === 'content_filter') return undefined
      if (raced || !isSocketRace(tried.fault)) break
    }
  }
  return undefined
}
