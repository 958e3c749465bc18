import { expect, test } from 'vitest'
import { condensationTable, figuresOf } from './condensation-figures.ts'

const turn = {
  status: 200,
  condensed: null,
  error: '',
  asked: 1,
  refused: 0,
  sent: '',
  summaries: [],
  bytes: 0,
}
const summary = {
  calls: 2,
  inputTokens: 6000,
  outputTokens: 100,
  durationMs: 5,
  requestId: 'r',
  caller: 'c',
  model: 'm',
  provider: 'p',
  background: false,
}
const losses = { repeated: [], unseen: ['#1u.0'], forgotten: [] }

test('figures count what failed, what was asked and what was left out', () => {
  const run = [
    turn,
    { ...turn, condensed: 'summary; from=9000; to=1500', asked: 2, refused: 1 },
    { ...turn, condensed: 'max_tokens; from=900; to=100', asked: 2, refused: 1 },
    { ...turn, condensed: 'truncated; from=9000; to=4000', status: 400, refused: 3 },
  ]
  const summaries = [summary, { ...summary, failure: 'timeout' as const }]
  expect(figuresOf('some', { run, losses, summaries, cpuMs: 10 })).toEqual({
    name: 'some',
    turns: 4,
    errors: 1,
    refused: 5,
    truncated: 1,
    summaries: 1,
    calls: 4,
    inputTokens: 12_000,
    outputTokens: 200,
    savedTokens: 12_500,
    unseen: 1,
    forgotten: 0,
    milliseconds: 2.5,
  })
})

test('the table has a line for each way, and what it adds to the first', () => {
  const row = (name: string, cpuMs: number) => figuresOf(name, { run: [turn], losses, summaries: [], cpuMs })
  const lines = condensationTable([row('first', 4), row('second', 5.5)]).split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(/^1 turns .* CPU ms {2}added$/)
  expect(lines[2]).toMatch(/^second .* 5\.5 {4}1\.5$/)
  expect(new Set(lines.map((line) => line.length)).size).toBe(1)
})
