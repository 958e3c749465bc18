import { expect, test } from 'vitest'
import { type ChaosFindings, checkChaos } from './chaos-checks.ts'
import type { ChaosSeen } from './chaos-client.ts'
import type { JournalLine } from './chaos-journal.ts'

const requests = 150_000

function seenAs(index: number, members: Partial<ChaosSeen> = {}): ChaosSeen {
  const request = { id: `request-${index}`, model: 'chaos', stream: false, leavesAfterMs: undefined } as const
  return { request, how: 'complete', status: 200, at: 1_000, text: '', ...members }
}

function line(index: number, event: JournalLine['event'], at: number): JournalLine {
  return { id: `request-${index}`, event, at }
}

const sound: ChaosFindings = {
  sent: requests,
  seen: Array.from({ length: requests }, (_, index) => seenAs(index)),
  journal: Array.from({ length: requests }, (_, index) => [
    line(index, 'asked', 900),
    line(index, 'answered', 990),
  ]).flat(),
  counts: { started: requests, settledSum: requests, inFlight: 0, settled: {} },
  workersKilled: 0,
  workersAlive: 2,
  recovered: { sent: 100, complete: 100 },
  exitCode: 0,
  socketsLeft: 0,
}

function failing(findings: Partial<ChaosFindings>): string[] {
  return checkChaos({ ...sound, ...findings }).flatMap(({ name, passed }) => (passed ? [] : name))
}

function withSeen(members: Partial<ChaosSeen>): Partial<ChaosFindings> {
  return { seen: [seenAs(0, members), ...sound.seen.slice(1)] }
}

function withJournal(...lines: JournalLine[]): Partial<ChaosFindings> {
  return { journal: [...sound.journal, ...lines] }
}

test('a run of many requests in which nothing was wrong passes', () => {
  expect(failing({})).toEqual([])
})

test.each<[Partial<ChaosFindings>, string]>([
  [{ seen: sound.seen.slice(1) }, 'every request has one ending for its client'],
  [withSeen({ how: 'wrong' }), 'every ending is honest'],
  [withSeen({ how: 'connection lost' }), 'connections are lost only with a worker (0 killed)'],
  [
    withJournal(...[1, 2, 3, 4].map((at) => line(0, 'asked', at))),
    'no request is sent upstream more often than allowed',
  ],
  [
    withJournal(line(0, 'asked', 1_001), line(0, 'answered', 1_050)),
    'no request that was answered is asked again',
  ],
  [
    { ...withSeen({ how: 'left' }), ...withJournal(line(0, 'asked', 2_100), line(0, 'answered', 2_200)) },
    'no upstream is asked after its client has left',
  ],
  [{ counts: { ...sound.counts, settledSum: 1 } }, 'the gateway counts an ending for every start'],
  [{ counts: { ...sound.counts, inFlight: 1 } }, 'nothing is in flight'],
  [{ workersAlive: 1 }, 'every worker that was killed was replaced'],
  [{ socketsLeft: 1 }, 'no socket is left'],
  [{ recovered: { sent: 100, complete: 99 } }, 'it serves again when everything runs'],
  [{ exitCode: null }, 'it ends in good order'],
])('what is wrong fails its check, and no other: %#', (findings, name) => {
  expect(failing(findings)).toEqual([name])
})

test('what a frozen upstream reads too late, and finds closed, was not sent too late', () => {
  expect(failing(withJournal(line(0, 'asked', 5_000), line(0, 'closed', 5_010)))).toEqual([])
})
