import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import type { Condensed, SummaryReport } from './condensation.ts'
import { Ledger } from './ledger.ts'
import { dumpLedger, mergeLedgers, retiredDump } from './merge.ts'
import type { Outcome } from './outcome.ts'
import { prometheus } from './prometheus.ts'
import { specMetrics } from './spec-metrics.ts'

const attempt = { provider: 'alpha', type: 'x', model: 'm', durationMs: 500, firstByteMs: null }

const outcome: Outcome = {
  requestId: 'r',
  operation: 'chat',
  caller: 'c',
  model: 'm',
  stream: false,
  ending: 'complete',
  status: 200,
  errorCode: null,
  provider: 'alpha',
  upstreamModel: 'm',
  attempts: [attempt],
  usage: { input: 10, output: 5, total: 15, cacheRead: 1, cacheWrite: 2, reasoning: 3 },
  startedAt: 0,
  durationMs: 625,
  firstChunkMs: null,
  overheadMs: 1,
  bytesOut: 1,
  repairedFrames: 0,
  dropped: [],
}

const report: SummaryReport = {
  requestId: 'r',
  caller: 'c',
  model: 'm',
  provider: 'alpha',
  background: false,
  calls: 2,
  inputTokens: 900,
  outputTokens: 60,
  durationMs: 1_500,
}

function emptyLedger(): Ledger {
  const ledger = new Ledger(new ManualClock())
  ledger.configure(['alpha', 'beta'], (model) => model)
  return ledger
}

function ledgerWith(condensed: readonly Condensed[], reports: readonly SummaryReport[] = []): Ledger {
  const ledger = emptyLedger()
  for (const each of condensed) {
    ledger.started('chat')
    ledger.settled({ ...outcome, condensed: each })
  }
  for (const each of reports) ledger.summary(each)
  return ledger
}

const everyKind: readonly Condensed[] = [
  { kind: 'summary', from: 12_000, to: 900, source: 'made' },
  { kind: 'summary', from: 12_000, to: 950, source: 'cache' },
  { kind: 'summary', from: 100, to: 120, source: 'shared' },
  { kind: 'truncated', from: 1_000, to: 400, reason: 'timeout' },
  { kind: 'max_tokens', from: 4_096, to: 96 },
]
const everyReport: readonly SummaryReport[] = [
  report,
  { ...report, durationMs: 10_000, failure: 'timeout' },
  // The call that the budget did not allow is told of, too.
  { ...report, provider: null, calls: 1, inputTokens: 0, outputTokens: 0, durationMs: 0, failure: 'budget' },
]

/** Samples of the families that `pattern` finds. */
function samples(text: string, pattern: RegExp): string[] {
  return text.split('\n').filter((line) => pattern.test(line))
}

describe('the Prometheus page', () => {
  test('counts requests by kind and source, and summaries that failed by the reason', () => {
    const page = prometheus(ledgerWith(everyKind, everyReport).snapshot())
    expect(samples(page, /^llmproxy_(condens|summar).*_total/)).toEqual([
      'llmproxy_condensations_total{kind="summary"} 3',
      'llmproxy_condensations_total{kind="truncated"} 1',
      'llmproxy_condensations_total{kind="max_tokens"} 1',
      // 11,100 + 11,050 + 0 + 600: a summary that is longer saves nothing, and a shorter answer is no prompt.
      'llmproxy_condensation_tokens_saved_total 22750',
      'llmproxy_summaries_total{source="made"} 1',
      'llmproxy_summaries_total{source="cache"} 1',
      'llmproxy_summaries_total{source="shared"} 1',
      'llmproxy_summary_failures_total{reason="timeout"} 1',
      'llmproxy_summary_failures_total{reason="failed"} 0',
      'llmproxy_summary_failures_total{reason="too_large"} 0',
      'llmproxy_summary_failures_total{reason="budget"} 1',
      'llmproxy_summary_failures_total{reason="cancelled"} 0',
      'llmproxy_summary_tokens_total{type="input"} 1800',
      'llmproxy_summary_tokens_total{type="output"} 120',
    ])
  })

  test('has the time that summaries take, without those for which nobody was asked', () => {
    const page = prometheus(ledgerWith([], everyReport).snapshot())
    expect(page).toContain('# TYPE llmproxy_summary_seconds histogram\n')
    expect(samples(page, /^llmproxy_summary_seconds.*(1\.28|2\.56|10\.24|Inf|sum|count)/)).toEqual([
      'llmproxy_summary_seconds_bucket{le="1.28"} 0',
      'llmproxy_summary_seconds_bucket{le="2.56"} 1',
      'llmproxy_summary_seconds_bucket{le="10.24"} 2',
      'llmproxy_summary_seconds_bucket{le="+Inf"} 2',
      'llmproxy_summary_seconds_sum 11.5',
      'llmproxy_summary_seconds_count 2',
    ])
  })
})

test('the JSON has the same counters, and all of them are 0 where nothing was condensed', () => {
  expect(specMetrics(ledgerWith(everyKind, everyReport).snapshot()).condensation).toEqual({
    requests: { summary: 3, truncated: 1, max_tokens: 1 },
    tokens_saved: 22_750,
    summaries: { made: 1, cache: 1, shared: 1 },
    summary_failures: { timeout: 1, failed: 0, too_large: 0, budget: 1, cancelled: 0 },
    summary_tokens: { input: 1_800, output: 120 },
  })
  const { requests, tokens_saved } = specMetrics(emptyLedger().snapshot()).condensation
  expect([requests, tokens_saved]).toEqual([{ summary: 0, truncated: 0, max_tokens: 0 }, 0])
})

describe('workers', () => {
  const sent = (ledger: Ledger) =>
    JSON.parse(JSON.stringify(dumpLedger(ledger.snapshot()))) as ReturnType<typeof dumpLedger>

  test('have together the counters of one that did everything, also when one has gone', () => {
    const alone = ledgerWith([...everyKind, ...everyKind], [...everyReport, ...everyReport]).snapshot()
    const each = () => sent(ledgerWith(everyKind, everyReport))
    for (const merged of [mergeLedgers([each(), each()]), mergeLedgers([retiredDump(each()), each()])]) {
      expect(prometheus(merged)).toBe(prometheus(alone))
      expect(specMetrics(merged)).toEqual(specMetrics(alone))
    }
  })
})

describe('a request of the gateway’s own', () => {
  const fault = { kind: 'overloaded', message: '', code: 'breaker_open' } as const
  const inner: Outcome = {
    ...outcome,
    attempts: [{ ...attempt, provider: 'beta', fault }, attempt],
    skipped: [{ ...attempt, provider: 'beta', fault }],
  }

  test('counts what providers were asked and what it cost', () => {
    const ledger = emptyLedger()
    ledger.innerOutcome(inner)
    const page = prometheus(ledger.snapshot())
    expect(page).toContain('llmproxy_attempts_total{provider="alpha",fault="none"} 1\n')
    expect(page).toContain('llmproxy_attempts_total{provider="beta",fault="overloaded"} 1\n')
    expect(page).toContain('llmproxy_skipped_total{provider="beta",reason="breaker_open"} 1\n')
    expect(page).toContain(
      'llmproxy_tokens_total{provider="alpha",model="m",operation="chat",type="input"} 10\n',
    )
    expect(specMetrics(ledger.snapshot()).summary).toMatchObject({ total_requests: 2, total_tokens: 15 })
  })

  test('is no request of a client, and in no distribution of them', () => {
    const ledger = emptyLedger()
    ledger.innerOutcome(inner)
    const page = prometheus(ledger.snapshot())
    expect(samples(page, /^gen_ai_\w+_count/).filter((line) => !line.endsWith(' 0'))).toEqual([])
    expect(samples(page, /^llmproxy_requests/).filter((line) => !line.endsWith(' 0'))).toEqual([])
  })

  test('leaves a series as it would be without it when nobody could be asked', () => {
    const ledger = emptyLedger()
    ledger.innerOutcome({ ...outcome, provider: null, attempts: [] })
    expect(ledger.snapshot().series).toEqual([])
  })
})
