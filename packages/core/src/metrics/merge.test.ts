import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Ledger } from './ledger.ts'
import { dumpLedger, mergeLedgers, retiredDump } from './merge.ts'
import type { Outcome } from './outcome.ts'
import { prometheus } from './prometheus.ts'
import { specMetrics } from './spec-metrics.ts'

const outcome: Outcome = {
  requestId: 'r',
  operation: 'chat',
  caller: 'c',
  model: 'm',
  stream: true,
  ending: 'complete',
  status: 200,
  errorCode: null,
  provider: 'one',
  upstreamModel: 'm',
  attempts: [
    {
      provider: 'zero',
      type: 't',
      model: 'm',
      durationMs: 5,
      firstByteMs: null,
      fault: { kind: 'upstream', message: 'x' },
    },
    { provider: 'one', type: 't', model: 'm', durationMs: 20, firstByteMs: 3 },
  ],
  skipped: [
    {
      provider: 'two',
      type: 't',
      model: 'm',
      durationMs: 0,
      firstByteMs: null,
      fault: { kind: 'overloaded', message: 'x', code: 'breaker_open' },
    },
  ],
  usage: { input: 10, output: 5, total: 15, cacheRead: 1, cacheWrite: 2, reasoning: 3 },
  startedAt: 0,
  durationMs: 31.25,
  firstChunkMs: 7.8125,
  overheadMs: 1,
  bytesOut: 10,
  repairedFrames: 1,
  dropped: [],
}

function ledgerWith(count: number): Ledger {
  const ledger = new Ledger(new ManualClock())
  ledger.configure(['zero', 'one', 'two'], (model) => model)
  for (let index = 0; index < count; index++) {
    ledger.started('chat')
    ledger.settled(outcome)
  }
  return ledger
}

/** What went over a pipe between processes. */
function sent(ledger: Ledger) {
  return JSON.parse(JSON.stringify(dumpLedger(ledger.snapshot()))) as ReturnType<typeof dumpLedger>
}

test('the merged metrics of two processes are those of one process that served everything', () => {
  const merged = mergeLedgers([sent(ledgerWith(3)), sent(ledgerWith(4))])
  const alone = ledgerWith(7).snapshot()
  expect(prometheus(merged)).toBe(prometheus(alone))
  expect(prometheus(merged, 'openmetrics')).toBe(prometheus(alone, 'openmetrics'))
  expect(specMetrics(merged)).toEqual(specMetrics(alone))
  expect(specMetrics(merged).summary).toMatchObject({ total_requests: 14, total_tokens: 105 })
})

test('lines that only one process has are kept', () => {
  const [left, right] = [ledgerWith(1), new Ledger(new ManualClock())]
  right.configure(['other'], (model) => model)
  right.rateLimited('embeddings')
  const text = prometheus(mergeLedgers([sent(left), sent(right)]))
  expect(text).toContain('llmproxy_attempts_total{provider="other",fault="none"} 0')
  expect(text).toContain('llmproxy_requests_rate_limited_total{operation="embeddings"} 1')
  expect(text).toContain('llmproxy_skipped_total{provider="two",reason="breaker_open"} 1')
})

test('a breaker is as open as in the process where it is worst, a gauge as high, a faulty reload anywhere is one', () => {
  const [left, right] = [ledgerWith(0), ledgerWith(0)]
  left.breakerChanged('one', 'm', 'open')
  right.breakerChanged('one', 'm', 'closed')
  left.gauge({ name: 'g', help: 'h', read: () => 2 })
  right.gauge({ name: 'g', help: 'h', read: () => 7 })
  const labelled = (value: number) => () => [{ labels: { a: 'b' }, value }]
  left.gauge({ name: 'labelled', help: 'h', read: labelled(9) })
  right.gauge({ name: 'labelled', help: 'h', read: labelled(3) })
  right.reloadFailed()
  for (const order of [
    [left, right],
    [right, left],
  ]) {
    const text = prometheus(mergeLedgers(order.map(sent)))
    expect(text).toMatch(/llmproxy_breaker_state\{[^}]*\} 2/)
    expect(text).toMatch(/^g 7$/m)
    expect(text).toMatch(/^labelled\{a="b"\} 9$/m)
    expect(text).toMatch(/llmproxy_config_reload_failed 1/)
  }
})

test('what a process leaves behind keeps its counts, and nothing of it is in flight or open', () => {
  const gone = ledgerWith(2)
  gone.started('chat')
  gone.breakerChanged('one', 'm', 'open')
  const text = prometheus(mergeLedgers([retiredDump(sent(gone)), sent(ledgerWith(1))]))
  expect(text).toContain('llmproxy_requests_started_total{operation="chat"} 4')
  expect(text).toContain('llmproxy_requests_settled_total{operation="chat",ending="complete"} 3')
  expect(text).toContain('llmproxy_requests_settled_total{operation="chat",ending="upstream_cut"} 1')
  expect(text).toContain('llmproxy_requests_in_flight{operation="chat"} 0')
  expect(text).not.toMatch(/llmproxy_breaker_state\{[^}]*\} 2/)
})
