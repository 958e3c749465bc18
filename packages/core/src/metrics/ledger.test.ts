import { type Fault, faultKinds, type OperationName, operationNames } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Ledger } from './ledger.ts'
import { type AttemptRecord, endings, type Outcome } from './outcome.ts'
import { prometheus, prometheusContentTypes } from './prometheus.ts'
import { specMetrics } from './spec-metrics.ts'

function attempt(provider: string, durationMs: number, kind?: Fault['kind']): AttemptRecord {
  const record = { provider, type: 'x', model: 'm', durationMs, firstByteMs: null }
  return kind === undefined ? record : { ...record, fault: { kind, message: '' } }
}

function outcome(changes: Partial<Outcome> = {}): Outcome {
  return {
    requestId: 'r',
    operation: 'chat',
    caller: 'anonymous',
    model: 'big',
    stream: false,
    ending: 'complete',
    status: 200,
    errorCode: null,
    provider: 'alpha',
    upstreamModel: 'm',
    attempts: [attempt('alpha', 1_200)],
    usage: null,
    startedAt: 0,
    durationMs: 1_300,
    firstChunkMs: null,
    overheadMs: 1,
    bytesOut: 1,
    repairedFrames: 0,
    dropped: [],
    ...changes,
  }
}

function ledgerOf(...providers: string[]): Ledger {
  const ledger = new Ledger(new ManualClock())
  ledger.configure(providers, (model) => (model === 'big' ? model : 'other'))
  return ledger
}

const usage = { input: 10, output: 5, total: 15, cacheRead: 4, cacheWrite: 1, reasoning: 2 }

describe('the specification’s metrics', () => {
  test('count attempts, failures, time and tokens of each provider', () => {
    const ledger = ledgerOf('alpha', 'beta', 'idle')
    ledger.settled(outcome({ usage }))
    ledger.settled(
      outcome({
        provider: 'beta',
        attempts: [attempt('alpha', 300, 'upstream'), attempt('beta', 500)],
        usage,
      }),
    )
    ledger.settled(outcome({ attempts: [attempt('alpha', 0, 'invalid_request')] }))
    const { condensation: _, ...metrics } = specMetrics(ledger.snapshot())
    expect(metrics).toEqual({
      providers: {
        alpha: {
          success_rate: 0.6667,
          total_requests: 3,
          average_response_time: 0.5,
          total_tokens: 15,
          error_count: 1,
        },
        beta: {
          success_rate: 1,
          total_requests: 1,
          average_response_time: 0.5,
          total_tokens: 15,
          error_count: 0,
        },
        idle: {
          success_rate: 1,
          total_requests: 0,
          average_response_time: 0,
          total_tokens: 0,
          error_count: 0,
        },
      },
      summary: {
        average_success_rate: 0.75,
        total_requests: 4,
        average_response_time: 0.5,
        total_tokens: 30,
      },
      timestamp: 1_700_000_001,
    })
  })
})

/** Samples by name and labels, and a check that the text follows the format. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  let family = ''
  const families = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const type = /^# TYPE (\w+) (counter|gauge|histogram)$/.exec(line)
    if (type?.[1] !== undefined) {
      if (families.has(type[1])) throw new Error(`family ${type[1]} stands twice`)
      families.add((family = type[1]))
      continue
    }
    if (/^# (HELP \w+ .+|EOF)$/.test(line)) continue
    const sample = /^(\w+)(\{(?:\w+="(?:[^"\\\n]|\\[\\n"])*",?)*\})? (\S+)$/.exec(line)
    const name = sample?.[1]
    if (name === undefined || !name.startsWith(family)) throw new Error(`not a sample of ${family}: ${line}`)
    const key = name + (sample?.[2] ?? '')
    if (samples.has(key)) throw new Error(`sample ${key} stands twice`)
    samples.set(key, Number(sample?.[3]?.replace('Inf', 'Infinity')))
  }
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  return samples
}

describe('the Prometheus page', () => {
  test('has requests by ending, attempts by fault, tokens and breakers', () => {
    const ledger = ledgerOf('alpha')
    ledger.started('chat')
    ledger.started('chat')
    ledger.settled(
      outcome({ usage, repairedFrames: 2, attempts: [attempt('alpha', 1, 'timeout'), attempt('alpha', 1)] }),
    )
    ledger.rateLimited('embeddings')
    ledger.reloadFailed()
    ledger.storeFailed('timeout')
    ledger.breakerChanged('alpha', 'big', 'open')
    ledger.breakerOpened('alpha', 'big')
    ledger.breakerOpened('alpha', 'big')
    ledger.healthChecked('alpha', 'healthy')
    ledger.gauge({
      name: 'llmproxy_queued',
      help: 'Waiting.',
      read: () => [{ labels: { provider: 'alpha' }, value: 3 }],
    })
    const page = parse(prometheus(ledger.snapshot()))
    const expected: Record<string, number> = {
      'llmproxy_requests_started_total{operation="chat"}': 2,
      'llmproxy_requests_settled_total{operation="chat",ending="complete"}': 1,
      'llmproxy_requests_settled_total{operation="chat",ending="client_gone"}': 0,
      'llmproxy_requests_in_flight{operation="chat"}': 1,
      'llmproxy_requests_rate_limited_total{operation="embeddings"}': 1,
      'llmproxy_attempts_total{provider="alpha",fault="none"}': 1,
      'llmproxy_attempts_total{provider="alpha",fault="timeout"}': 1,
      'llmproxy_tokens_total{provider="alpha",model="big",operation="chat",type="cache_read"}': 4,
      'llmproxy_breaker_state{provider="alpha",model="big"}': 2,
      'llmproxy_breaker_opened_total{provider="alpha",model="big"}': 2,
      'llmproxy_health_checks_total{provider="alpha",result="healthy"}': 1,
      llmproxy_repaired_frames_total: 2,
      llmproxy_config_reload_failures_total: 1,
      'llmproxy_store_failures_total{how="timeout"}': 1,
      'llmproxy_store_failures_total{how="error"}': 0,
      'llmproxy_queued{provider="alpha"}': 3,
    }
    expect(Object.fromEntries(Object.keys(expected).map((key) => [key, page.get(key)]))).toEqual(expected)
  })

  test('has cumulative histograms under the OpenTelemetry names', () => {
    const ledger = ledgerOf('alpha')
    ledger.settled(outcome({ durationMs: 20, firstChunkMs: 1, usage }))
    ledger.settled(outcome({ durationMs: 1_000_000 }))
    const page = parse(prometheus(ledger.snapshot()))
    const labels = 'gen_ai_operation_name="chat",gen_ai_provider_name="alpha",gen_ai_request_model="big"'
    const name = 'gen_ai_client_operation_duration_seconds'
    expect(page.get(`${name}_bucket{${labels},le="0.01"}`)).toBe(0)
    expect(page.get(`${name}_bucket{${labels},le="0.02"}`)).toBe(1)
    expect(page.get(`${name}_bucket{${labels},le="81.92"}`)).toBe(1)
    expect(page.get(`${name}_bucket{${labels},le="+Inf"}`)).toBe(2)
    expect(page.get(`${name}_count{${labels}}`)).toBe(2)
    expect(page.get(`${name}_sum{${labels}}`)).toBeCloseTo(1_000.02)
    expect(page.get(`gen_ai_client_operation_time_to_first_chunk_seconds_count{${labels}}`)).toBe(1)
    expect(page.get(`gen_ai_client_token_usage_sum{${labels},gen_ai_token_type="input"}`)).toBe(10)
  })

  test('names families as each format wants, and OpenMetrics ends with EOF', () => {
    const ledger = ledgerOf('alpha')
    const [text, openmetrics] = [prometheus(ledger.snapshot()), prometheus(ledger.snapshot(), 'openmetrics')]
    expect(parse(openmetrics)).toEqual(parse(text))
    expect(text).toContain('# TYPE llmproxy_requests_started_total counter\n')
    expect(openmetrics).toContain('# TYPE llmproxy_requests_started counter\n')
    expect([text.includes('# EOF'), openmetrics.endsWith('# EOF\n')]).toEqual([false, true])
    expect(prometheusContentTypes.openmetrics).toContain('application/openmetrics-text')
  })

  test('escapes labels and help', () => {
    const ledger = ledgerOf()
    ledger.breakerChanged('alpha', 'a"b\\c\nd', 'closed')
    ledger.gauge({ name: 'odd', help: 'back\\slash\nline', read: () => NaN })
    const text = prometheus(ledger.snapshot())
    parse(text)
    expect(text).toContain('model="a\\"b\\\\c\\nd"')
    expect(text).toContain('# HELP odd back\\\\slash\\nline\n')
  })

  test('has each family once, even when a gauge takes the name of a counter of ours', () => {
    const ledger = ledgerOf()
    ledger.gauge({ name: 'llmproxy_requests_in_flight', help: 'x', read: () => 1 })
    expect(() => parse(prometheus(ledger.snapshot()))).not.toThrow()
  })
})

test('model names that clients invent make no series', () => {
  const ledger = ledgerOf('alpha')
  for (let index = 0; index < 1_000; index += 1) ledger.settled(outcome({ model: `invented-${index}` }))
  const { series } = ledger.snapshot()
  expect(series.map(({ model }) => model)).toEqual(['other'])
})

test('a rejected request counts as settled and makes no series', () => {
  const ledger = ledgerOf()
  ledger.settled(outcome({ provider: null, attempts: [], ending: 'rejected' }))
  const snapshot = ledger.snapshot()
  expect(snapshot.settled.chat.rejected).toBe(1)
  expect([snapshot.series, snapshot.providers]).toEqual([[], []])
})

test('the sum over the endings is the number started, and attempts are the sum over their faults', () => {
  const anyOutcome = fc.record({
    operation: fc.constantFrom<OperationName>(...operationNames),
    ending: fc.constantFrom(...endings),
    attempts: fc.array(
      fc
        .tuple(fc.constantFrom('alpha', 'beta'), fc.constantFrom(undefined, ...faultKinds))
        .map(([provider, kind]) => attempt(provider, 1, kind)),
      { maxLength: 4 },
    ),
    usage: fc.constantFrom(null, usage),
    firstChunkMs: fc.constantFrom(null, 5),
  })
  fc.assert(
    fc.property(fc.array(anyOutcome), (outcomes) => {
      const ledger = ledgerOf('alpha')
      for (const each of outcomes) {
        ledger.started(each.operation)
        ledger.settled(outcome(each))
      }
      const page = parse(prometheus(ledger.snapshot()))
      const sum = (prefix: string): number =>
        [...page].reduce((total, [key, value]) => total + (key.startsWith(prefix) ? value : 0), 0)
      expect(sum('llmproxy_requests_settled_total')).toBe(outcomes.length)
      expect(sum('llmproxy_requests_started_total')).toBe(outcomes.length)
      expect(sum('llmproxy_requests_in_flight')).toBe(0)
      const attempts = outcomes.reduce((total, each) => total + each.attempts.length, 0)
      expect(sum('llmproxy_attempts_total')).toBe(attempts)
      expect(specMetrics(ledger.snapshot()).summary.total_requests).toBe(attempts)
    }),
  )
})
