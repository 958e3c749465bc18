import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Outcome } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import { outcomeLine } from './outcome-line.ts'
import { redactFields } from './redact.ts'
import { summaryLine } from './summary-line.ts'

function logTo(level = 'INFO', scrub = (text: string) => text) {
  const file = join(mkdtempSync(join(tmpdir(), 'llmproxy-log-')), 'sub', 'proxy.log')
  const log = createLogger({ level, file, scrub })
  const lines = async () => {
    await log.flush()
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  return { log, lines }
}

test('lines are JSON with level, time and message', async () => {
  const { log, lines } = logTo()
  log.debug({}, 'not shown')
  log.info({ request_id: 'a' }, 'hello')
  expect(await lines()).toEqual([
    { level: 'info', time: expect.stringMatching(/^\d{4}-.*Z$/), request_id: 'a', msg: 'hello' },
  ])
})

test.each([
  ['DEBUG', 4],
  ['INFO', 3],
  ['WARNING', 2],
  ['ERROR', 1],
])('level %s shows %d of four lines', async (level, count) => {
  const { log, lines } = logTo(level)
  for (const write of ['debug', 'info', 'warn', 'error'] as const) log[write]({}, write)
  expect(await lines()).toHaveLength(count)
})

test('secrets disappear by value and by field name, at every depth, in errors too', async () => {
  const { log, lines } = logTo('INFO', (text) => text.replaceAll('canary-by-value', '[redacted]'))
  log.info(
    { headers: { authorization: 'Bearer canary-by-name' }, deep: { a: { b: { api_key: 'canary"quoted' } } } },
    'x canary-by-value',
  )
  log.error({ error: new Error('upstream said canary-by-value') }, 'failed')
  const text = JSON.stringify(await lines())
  expect(text).not.toContain('canary')
  expect(text.match(/\[redacted\]/g)?.length).toBeGreaterThanOrEqual(4)
})

test('redaction keeps a line valid JSON and other fields as they are', () => {
  const line = JSON.stringify({
    token: 'a\\"b',
    tokens: { input: 1 },
    api_keys: ['x', 'y'],
    note: 'the token is not a field',
  })
  expect(JSON.parse(redactFields(line))).toEqual({
    token: '[redacted]',
    tokens: { input: 1 },
    api_keys: '[redacted]',
    note: 'the token is not a field',
  })
})

test('a log file that cannot be written refuses the start by name', () => {
  expect(() => createLogger({ level: 'INFO', file: '/dev/null/proxy.log', scrub: (text) => text })).toThrow(
    /^log_file \/dev\/null\/proxy\.log cannot be written: E/,
  )
})

const outcome: Outcome = {
  requestId: 'r',
  operation: 'chat',
  caller: 'ci',
  model: 'm',
  stream: true,
  ending: 'complete',
  status: 200,
  errorCode: null,
  provider: 'b',
  upstreamModel: 'm2',
  attempts: [],
  usage: { input: 1, output: 2, total: 3, cacheRead: 0, cacheWrite: 0, reasoning: 0 },
  startedAt: 0,
  durationMs: 12.345,
  firstChunkMs: 7.891,
  overheadMs: 0.456,
  bytesOut: 100,
  repairedFrames: 0,
  dropped: [],
}

test('an outcome becomes flat fields, with its faults when it had some', () => {
  const fault = { kind: 'rate_limit', message: 'slow down', status: 429 } as const
  const attempt = { provider: 'a', type: 'a', model: 'm', durationMs: 5, firstByteMs: null }
  const line = outcomeLine({
    ...outcome,
    attempts: [{ ...attempt, fault }, attempt],
    repairedFrames: 1,
    dropped: ['logit_bias'],
  })
  expect(line).toMatchObject({
    request_id: 'r',
    attempts: 2,
    duration_ms: 12.35,
    ttft_ms: 7.89,
    overhead_ms: 0.46,
    tokens: { input: 1, output: 2, total: 3 },
    dropped: ['logit_bias'],
    repaired_frames: 1,
    faults: [{ provider: 'a', model: 'm', kind: 'rate_limit', status: 429, message: 'slow down' }],
  })
})

test('a line says what was done to a request that did not fit, beside what the answer cost', () => {
  expect(outcomeLine(outcome)).not.toHaveProperty('condensed')
  const spent = { calls: 2, inputTokens: 900, outputTokens: 60, durationMs: 700 }
  const summary = { kind: 'summary', from: 1000.4, to: 99.6, source: 'made', spent } as const
  const line = outcomeLine({ ...outcome, condensed: { ...summary, leftOut: { image: 1 } } })
  expect(line).toMatchObject({ tokens: { total: 3 } })
  expect(line['condensed']).toEqual({
    kind: 'summary',
    from: 1000,
    to: 100,
    source: 'made',
    calls: 2,
    tokens: { input: 900, output: 60 },
  })
  const truncated = { kind: 'truncated', from: 1000, to: 500, reason: 'timeout' } as const
  expect(outcomeLine({ ...outcome, condensed: truncated })['condensed']).toEqual(truncated)
})

test('a summary has a line of its own, by the request and the caller that it was made for', () => {
  const report = {
    requestId: 'r',
    caller: 'ci',
    model: 'm',
    provider: 'b',
    background: true,
    calls: 3,
    inputTokens: 900,
    outputTokens: 60,
    durationMs: 1234.567,
  }
  const line = {
    request_id: 'r',
    caller: 'ci',
    model: 'm',
    provider: 'b',
    background: true,
    calls: 3,
    tokens: { input: 900, output: 60 },
    duration_ms: 1234.57,
  }
  expect(summaryLine(report)).toEqual(line)
  const failed = summaryLine({ ...report, provider: null, failure: 'timeout' })
  expect(failed).toEqual({ ...line, provider: null, failure: 'timeout' })
})

test('a flush waits for a write that is under way: no line is missing, and all are in order', async () => {
  const { log, lines } = logTo()
  for (let index = 0; index < 200; index++) log.info({ index, text: 'x'.repeat(200) }, 'line')
  log.info({ index: 200 }, 'last')
  const written = await lines()
  expect(written.map(({ index }) => index)).toEqual(Array.from({ length: 201 }, (_, index) => index))
})
