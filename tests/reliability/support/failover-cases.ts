import { type AskedFor, type Ended, type UpstreamFault, upstreamFaults } from './upstream-faults.ts'

/** One request to a route of its own. */
export interface FailoverCase {
  readonly name: string
  readonly asked: AskedFor
  /** What each provider does. `well`: it answers. */
  readonly route: readonly (UpstreamFault | 'well')[]
  readonly expected: Seen
}

/** What the client and the upstreams of a case see. */
export interface Seen {
  /** The provider that answered, or the status and the code of the error. */
  readonly answer: string
  /** `x-llmproxy-attempts`. */
  readonly attempts: string
  /** Requests at each provider of the route. */
  readonly calls: readonly number[]
  readonly ending: string
  /** What the answer says about coming back. */
  readonly wait: string
  /** What is wrong with the answer in itself. */
  readonly flaws: readonly string[]
}

/** Every fault alone, before a provider that is well, twice, and behind another fault. */
export function failoverMatrix(asked: AskedFor): readonly FailoverCase[] {
  const faults = upstreamFaults.filter(({ committed }) => committed === undefined || asked.streamed)
  const before = faults.filter(({ committed, mistake }) => committed === undefined && mistake === undefined)
  return faults.flatMap((fault, index) => {
    const other = before[(index + 7) % before.length]!
    return fault.committed || fault.mistake
      ? lastCases(fault, other, asked)
      : passingCases(fault, other, asked)
  })
}

/** Nothing of the answer has been seen: the next provider takes over. */
function passingCases(fault: UpstreamFault, other: UpstreamFault, asked: AskedFor): readonly FailoverCase[] {
  const { name, alone, calls } = fault
  const [last, followed] = calls
  const unavailable: Ended = {
    status: 503,
    code: 'providers_unavailable',
    ending: alone.ending,
    ...fault.both,
  }
  return [
    { name: `${name}, alone`, asked, route: [fault], expected: refused([last], alone) },
    {
      name: `${name}, before one that is well`,
      asked,
      route: [fault, 'well'],
      expected: answered('second', [followed, 1]),
    },
    {
      name: `${name}, twice`,
      asked,
      route: [fault, fault],
      expected: refused([followed, last], unavailable),
    },
    {
      name: `${name}, behind ${other.name}, before one that is well`,
      asked,
      route: [other, fault, 'well'],
      expected: answered('third', [other.calls[1], followed, 1]),
    },
  ]
}

/** Nobody else is asked: they would say the same, or the client has the beginning of the answer, which nobody else can finish. */
function lastCases(fault: UpstreamFault, other: UpstreamFault, asked: AskedFor): readonly FailoverCase[] {
  const { name, alone } = fault
  const ended = fault.committed ? brokenOff : refused
  return [
    { name: `${name}, alone`, asked, route: [fault], expected: ended([1], alone) },
    {
      name: `${name}, before one that is well`,
      asked,
      route: [fault, 'well'],
      expected: ended([1, 0], alone),
    },
    {
      name: `${name}, behind ${other.name}, before one that is well`,
      asked,
      route: [other, fault, 'well'],
      expected: ended([other.calls[1], 1, 0], alone),
    },
  ]
}

export function answered(by: 'first' | 'second' | 'third', calls: readonly number[]): Seen {
  const answer = `answer of the ${by}`
  return { answer, attempts: sum(calls), calls, ending: 'complete', wait: 'not said', flaws: [] }
}

export function refused(
  calls: readonly number[],
  { status, code, ending, retryAfter, leftToClient }: Ended,
): Seen {
  const wait = `${retryAfter ?? 'no wait'}, ${leftToClient ? 'may come back' : 'x-should-retry: false'}`
  return { answer: `${status} ${code}`, attempts: sum(calls), calls, ending, wait, flaws: [] }
}

/** The head of a stream that has begun cannot say how it will end. */
export function brokenOff(calls: readonly number[], { code, ending }: Ended): Seen {
  const answer = `200, then ${code}`
  return { answer, attempts: sum(calls), calls, ending, wait: 'not said', flaws: [] }
}

function sum(counts: readonly number[]): string {
  return String(counts.reduce((total, count) => total + count, 0))
}
