import type { SummaryReport } from '@llmproxy/core'
import type { TurnFindings } from '../../tests/condensation/support/drive.ts'
import type { Losses } from '../../tests/condensation/support/losses.ts'

/** What one way of condensing cost, over a whole conversation. */
export interface CondensationFigures {
  readonly name: string
  readonly turns: number
  /** Answers that were errors. */
  readonly errors: number
  /** Requests that the model refused. */
  readonly refused: number
  readonly truncated: number
  readonly summaries: number
  /** Requests for them; a summary of a long text takes several. */
  readonly calls: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** What the model was not sent of the prompts that it got in the end. */
  readonly savedTokens: number
  /** Lines that neither the model nor a summary got, at the time of a request. */
  readonly unseen: number
  /** Facts that the model did not know when it was asked. */
  readonly forgotten: number
  /** Processor time of the gateway for each turn. */
  readonly milliseconds: number
}

export interface Findings {
  readonly run: readonly TurnFindings[]
  readonly losses: Losses
  readonly summaries: readonly SummaryReport[]
  /** Processor time of the gateway. */
  readonly cpuMs: number
}

export function figuresOf(name: string, { run, losses, summaries, cpuMs }: Findings): CondensationFigures {
  const made = summaries.filter(({ failure }) => failure === undefined)
  return {
    name,
    turns: run.length,
    errors: run.filter(({ status }) => status !== 200).length,
    refused: sum(run.map(({ refused }) => refused)),
    truncated: run.filter(({ condensed }) => condensed?.startsWith('truncated')).length,
    summaries: made.length,
    calls: sum(summaries.map(({ calls }) => calls)),
    inputTokens: sum(summaries.map(({ inputTokens }) => inputTokens)),
    outputTokens: sum(summaries.map(({ outputTokens }) => outputTokens)),
    savedTokens: sum(run.map(({ condensed }) => savedBy(condensed))),
    unseen: losses.unseen.length,
    forgotten: losses.forgotten.length,
    milliseconds: cpuMs / run.length,
  }
}

/** `summary; from=9000; to=1000` */
function savedBy(condensed: string | null): number {
  const [, kind, from, to] = /^(\w+); from=(\d+); to=(\d+)/.exec(condensed ?? '') ?? []
  return kind === undefined || kind === 'max_tokens' ? 0 : Number(from) - Number(to)
}

const columns: readonly (readonly [title: string, cell: (row: CondensationFigures) => string])[] = [
  ['refused', ({ refused }) => String(refused)],
  ['errors', ({ errors }) => String(errors)],
  ['truncated', ({ truncated }) => String(truncated)],
  ['summaries', ({ summaries }) => String(summaries)],
  ['calls', ({ calls }) => String(calls)],
  ['tokens in', ({ inputTokens }) => thousands(inputTokens)],
  ['out', ({ outputTokens }) => thousands(outputTokens)],
  ['saved', ({ savedTokens }) => thousands(savedTokens)],
  ['unseen', ({ unseen }) => String(unseen)],
  ['forgotten', ({ forgotten }) => String(forgotten)],
]

/** One line for each way; `added` is the processor time a turn that it takes more than the first way. */
export function condensationTable(rows: readonly CondensationFigures[]): string {
  const [first] = rows
  const cells = rows.map((row) => [
    row.name,
    ...columns.map(([, cell]) => cell(row)),
    row.milliseconds.toFixed(1),
    (row.milliseconds - first!.milliseconds).toFixed(1),
  ])
  const head = [`${first!.turns} turns`, ...columns.map(([title]) => title), 'CPU ms', 'added']
  const widths = head.map((title, at) => Math.max(title.length, ...cells.map((row) => row[at]!.length)))
  const line = (row: readonly string[]) =>
    row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[at]!))).join('  ')
  return [head, ...cells].map(line).join('\n')
}

function thousands(count: number): string {
  return count < 10_000 ? String(count) : `${Math.round(count / 1000)}k`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
