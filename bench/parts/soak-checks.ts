import { openHandles, type ProcessState } from './process-state.ts'
import type { RequestCounts } from './soak-metrics.ts'

export interface SoakFindings {
  readonly requests: number
  /** Answers by how they looked to the client. */
  readonly seen: Readonly<Record<string, number>>
  readonly counts: RequestCounts
  readonly half: ProcessState
  readonly end: ProcessState
}

export interface SoakCheck {
  readonly name: string
  readonly found: string
  readonly passed: boolean
}

const growthLimit = 10_000_000

export function checkSoak({ requests, seen, counts, half, end }: SoakFindings): SoakCheck[] {
  const heapGrowth = end.heapUsed - half.heapUsed
  const outsideGrowth = end.external - half.external
  const complete = seen['complete'] ?? 0
  return [
    check('every request was started', `${counts.started} of ${requests}`, counts.started === requests),
    check(
      'every request has one ending',
      `${counts.settledSum} endings`,
      counts.settledSum === counts.started,
    ),
    check('nothing is in flight', String(counts.inFlight), counts.inFlight === 0),
    check(
      'the gateway and the clients agree on what was complete',
      `${counts.settled['complete'] ?? 0} and ${complete}`,
      counts.settled['complete'] === complete,
    ),
    check('the heap did not grow', megabytes(heapGrowth), heapGrowth < growthLimit),
    check(
      'the memory outside of the heap did not grow',
      megabytes(outsideGrowth),
      outsideGrowth < growthLimit,
    ),
    check(
      'the open handles did not grow',
      `${openHandles(half)} then ${openHandles(end)}`,
      openHandles(end) <= openHandles(half),
    ),
  ]
}

function check(name: string, found: string, passed: boolean): SoakCheck {
  return { name, found, passed }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
