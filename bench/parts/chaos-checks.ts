import type { ChaosSeen } from './chaos-client.ts'
import type { JournalLine } from './chaos-journal.ts'
import type { SoakCheck } from './soak-checks.ts'
import type { RequestCounts } from './soak-metrics.ts'

export interface ChaosFindings {
  readonly sent: number
  readonly seen: readonly ChaosSeen[]
  readonly journal: readonly JournalLine[]
  readonly counts: RequestCounts
  readonly workersKilled: number
  readonly workersAlive: number
  /** Of the requests that were sent when everything ran again. */
  readonly recovered: { readonly sent: number; readonly complete: number }
  readonly exitCode: number | null
  /** Open sockets of the workers when every client had gone. */
  readonly socketsLeft: number
}

/** Upstream requests that the configuration of the run allows for one client request. */
export const mostAttempts = 4
export const workers = 2
/** Milliseconds in which what belongs to a client that has left must have ended. */
const graceMs = 1_000

export function checkChaos(findings: ChaosFindings): SoakCheck[] {
  const { sent, seen, counts, recovered, workersKilled } = findings
  const wrong = seen.filter(({ how }) => how === 'wrong')
  const lost = seen.filter(({ how }) => how === 'connection lost').length
  const calls = callsOf(findings.journal)
  const most = [...calls.values()].reduce((highest, times) => Math.max(highest, times.length), 0)
  const late = askedLate(seen, calls)
  const twice = twiceAnswered(seen, calls)
  return [
    check('every request has one ending for its client', `${seen.length} of ${sent}`, seen.length === sent),
    check(
      'every ending is honest',
      wrong[0] === undefined ? '0 wrong' : `${wrong.length} wrong, such as ${shown(wrong[0])}`,
      wrong.length === 0,
    ),
    check(
      `connections are lost only with a worker (${workersKilled} killed)`,
      String(lost),
      workersKilled > 0 || lost === 0,
    ),
    check(
      'no request is sent upstream more often than allowed',
      `${most} of ${mostAttempts}`,
      most <= mostAttempts,
    ),
    check('no request that was answered is asked again', twice.join(', ') || 'none', twice.length === 0),
    check('no upstream is asked after its client has left', late.join(', ') || 'none', late.length === 0),
    check(
      'the gateway counts an ending for every start',
      `${counts.settledSum} of ${counts.started}`,
      counts.settledSum === counts.started,
    ),
    check('nothing is in flight', String(counts.inFlight), counts.inFlight === 0),
    check(
      'every worker that was killed was replaced',
      `${findings.workersAlive} of ${workers}`,
      findings.workersAlive === workers,
    ),
    check('no socket is left', String(findings.socketsLeft), findings.socketsLeft === 0),
    check(
      'it serves again when everything runs',
      `${recovered.complete} of ${recovered.sent}`,
      recovered.complete === recovered.sent,
    ),
    check('it ends in good order', `exit code ${findings.exitCode}`, findings.exitCode === 0),
  ]
}

/** One time that an upstream was asked. */
interface Call {
  /** Milliseconds since the epoch: when the upstream read it. */
  readonly at: number
  /** What became of it, when anything was written down. */
  end?: JournalLine
}

/** By request, the times that any upstream was asked. Lines of one upstream are in order. */
function callsOf(journal: readonly JournalLine[]): ReadonlyMap<string, readonly Call[]> {
  const calls = new Map<string, Call[]>()
  for (const line of journal) {
    const known = calls.get(line.id) ?? []
    if (line.event === 'asked') calls.set(line.id, [...known, { at: line.at }])
    else {
      const open = known.findLast((call) => call.end === undefined)
      if (open !== undefined) open.end = line
    }
  }
  return calls
}

/**
 * An upstream that was frozen reads, when it thaws, what was sent to it before, and finds the connection closed. That is no request
 * that was sent too late: those are worked on.
 */
function workedOnAfter(calls: readonly Call[] | undefined, time: number): boolean {
  return (calls ?? []).some(({ at, end }) => {
    const noticed = end?.event === 'closed' && end.at - at < graceMs
    return at > time && !noticed && end !== undefined
  })
}

function askedLate(seen: readonly ChaosSeen[], calls: ReadonlyMap<string, readonly Call[]>): string[] {
  return seen
    .filter(({ how, request, at }) => how === 'left' && workedOnAfter(calls.get(request.id), at + graceMs))
    .map(({ request }) => request.id)
}

/** Requests whose client had a complete answer before an upstream was asked once more. */
function twiceAnswered(seen: readonly ChaosSeen[], calls: ReadonlyMap<string, readonly Call[]>): string[] {
  return seen
    .filter(({ how, request, at }) => how === 'complete' && workedOnAfter(calls.get(request.id), at))
    .map(({ request }) => request.id)
}

function shown({ request, status, text }: ChaosSeen): string {
  return `${request.id} (${request.stream ? 'stream' : 'whole'}, status ${status}): ${text.slice(-300)}`
}

function check(name: string, found: string, passed: boolean): SoakCheck {
  return { name, found, passed }
}
