import { expect, test } from 'vitest'
import { answerHeaders, json, type RoutingFacts } from './answer-headers.ts'
import type { Condensed } from './metrics/condensation.ts'

const facts: RoutingFacts = {
  provider: 'alpha',
  model: 'm',
  attempts: 2,
  overheadMs: 1.234,
  dropped: new Set(),
}

function headersOf(changes: Partial<RoutingFacts>) {
  return answerHeaders(json, { ...facts, ...changes }, {}, (text) => text)
}

test('a request that was sent as it came has no header about condensation', () => {
  expect(headersOf({})).not.toHaveProperty('x-llmproxy-condensed')
  expect(headersOf({ condensed: undefined })).not.toHaveProperty('x-llmproxy-condensed')
})

test.each<[string, Condensed]>([
  ['summary; from=12000; to=900', { kind: 'summary', from: 12_000, to: 900, source: 'cache' }],
  ['truncated; from=12000; to=6001', { kind: 'truncated', from: 11_999.6, to: 6000.5, reason: 'timeout' }],
  ['max_tokens; from=4096; to=1000', { kind: 'max_tokens', from: 4096, to: 1000 }],
])('the header %s has whole numbers, and nothing that is private', (header, condensed) => {
  expect(headersOf({ condensed })['x-llmproxy-condensed']).toBe(header)
})
