import { isContinuable } from './exchange/continuation.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import type { ContinuationResult } from './metrics/outcome.ts'
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
 * Asks the deployments behind the one that broke off, and at last that one again, for the rest of its answer, without a pause: the
 * client waits in the middle of a sentence. One that gives nothing is not asked again. One that breaks off, too, goes to the end of
 * the line, and the next goes on with what both have said, while there are attempts. When nobody goes on, the first break is what
 * the client is told.
 */
export async function continueStream(run: RequestRun, broken: Broken, others: Others): Promise<Served> {
  if (run.cancelled !== undefined || !isContinuable(broken.fault)) return broken
  const { targets, index, maxAttempts, ask } = others
  const line = [...targets.slice(index + 1), targets[index]!]
  const before = run.attempts.length
  let { repairedFrames } = broken
  let rest = run.askForRest()
  while (rest !== undefined && line.length > 0) {
    const target = line.shift()!
    if (rest.needsSupport && target.supports.continuation !== true) continue
    const tried = await asked(run, maxAttempts, () => ask(target))
    if (tried === undefined) break
    if (tried.kind === 'answered' || tried.kind === 'broken') repairedFrames += tried.repairedFrames
    if (tried.kind === 'answered') return concluded(run, 'complete', { kind: 'answered', repairedFrames })
    if (tried.kind === 'broken') line.push(target)
    if (!goesOn(tried)) break
    if (tried.kind === 'broken') rest = run.askForRest()
  }
  const fault = run.cancelled ?? broken.fault
  const failed = run.attempts.length > before ? 'failed' : 'impossible'
  return concluded(run, fault.kind === 'cancelled' ? 'abandoned' : failed, {
    ...broken,
    fault,
    repairedFrames,
  })
}

/** Whether anybody else may be asked after a failure to continue. That the request for the rest was refused is not the client's doing. */
function goesOn({ kind, fault }: Exclude<Tried, { kind: 'answered' }>): boolean {
  return kind === 'broken' ? isContinuable(fault) : fault.kind !== 'content_filter'
}

function concluded(run: RequestRun, result: ContinuationResult, served: Served): Served {
  run.continuing!.result = result
  return served
}

/**
 * Asks one deployment: again with each of its keys while one of them is refused, and once more when a kept-alive socket died before it
 * was of use. `undefined`: nobody waits, or may be asked.
 */
async function asked(
  run: RequestRun,
  maxAttempts: number,
  ask: () => Promise<Tried>,
): Promise<Tried | undefined> {
  for (let raced = false; ;) {
    if (run.cancelled !== undefined || run.remainingMs <= 0 || run.attempts.length >= maxAttempts)
      return undefined
    const tried = await ask()
    if (tried.kind !== 'fault') return tried
    if (tried.anotherKey === true) continue
    if (raced || !isSocketRace(tried.fault)) return tried
    raced = true
  }
}
