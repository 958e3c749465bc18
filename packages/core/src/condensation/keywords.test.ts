import { type FaultKind, faultKinds } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import {
  type CondensationConfig,
  condensationSchema,
  defaultErrorKeywords,
} from '../config/condensation-schema.ts'
import type { AttemptFault } from '../exchange/transfer.ts'
import { breakerRule, faultPolicy } from '../resilience/policy.ts'
import { errorKeywords } from './keywords.ts'

const settings = (members: object): CondensationConfig => condensationSchema.parse(members)!

const custom = settings({ error_keywords: [...defaultErrorKeywords, 'Custom_Error', 'request too large'] })

const faultOf = (members: Partial<AttemptFault> = {}): AttemptFault => ({
  kind: 'invalid_request',
  status: 400,
  message: 'sorry: custom_error happened',
  ...members,
})

describe('a keyword makes a fault one of the context', () => {
  test.each<[name: string, fault: AttemptFault]>([
    ['in the message', faultOf()],
    ['in any case', faultOf({ message: 'CUSTOM_ERROR' })],
    ['in the code', faultOf({ message: 'x', code: 'custom_error' })],
    ['with status 413', faultOf({ status: 413 })],
    ['with status 422', faultOf({ status: 422 })],
    ['of a failing server', faultOf({ kind: 'upstream', status: 500 })],
    ['of an answer that is not understood', faultOf({ kind: 'bad_response', status: 500 })],
    ['inside an answer, without a status', { kind: 'upstream', inBand: true, message: 'custom_error' }],
    ['inside an answer, with another status', faultOf({ kind: 'upstream', status: 502, inBand: true })],
    ['although the text is known to mean something else', faultOf({ message: 'custom_error: rate limit' })],
    [
      'about a request that no wait makes room for',
      {
        kind: 'quota_exhausted',
        code: 'request_too_large',
        status: 429,
        retryAfterMs: 0,
        message: 'Request too large for model-x on tokens per min (TPM): Limit 6000, Requested 7000',
      },
    ],
  ])('%s', (_, fault) => {
    const seen = errorKeywords(custom)!(fault)
    const { retryAfterMs: _wait, ...rest } = fault
    expect(seen).toEqual({ ...rest, kind: 'context_length' })
  })

  test('it is never repeated, counts against no breaker and is a 400', () => {
    const seen = errorKeywords(custom)!(faultOf({ kind: 'upstream', status: 500 }))
    expect(breakerRule(seen)).toBe('none')
    expect(faultPolicy[seen.kind]).toMatchObject({ status: 400, retry: 'never', fallback: false })
  })
})

describe('a fault stays what it is, the same object', () => {
  test.each<[name: string, fault: AttemptFault]>([
    ['without a keyword', faultOf({ message: 'custom error' })],
    ['with a status that may echo the prompt', faultOf({ status: 404 })],
    ['of a server that is down', faultOf({ kind: 'upstream', status: 502 })],
    ['that happened in the gateway', { kind: 'bad_response', message: 'custom_error' }],
    ['that a bug of a plugin is', faultOf({ kind: 'bad_response', thrown: new Error('custom_error') })],
    [
      'a quota that is used up',
      faultOf({ kind: 'quota_exhausted', code: 'insufficient_quota', message: 'custom_error' }),
    ],
    [
      'that is known to mean something else, by a default keyword',
      faultOf({ message: 'Rate limit reached, maximum context length' }),
    ],
    [
      'a limit on answers, by a default keyword',
      faultOf({
        message:
          'max_tokens: 9 > 8, which is the maximum allowed number of output tokens: maximum context length',
      }),
    ],
    [
      'a limit per minute, by a default keyword',
      {
        kind: 'quota_exhausted',
        code: 'request_too_large',
        status: 413,
        message: 'tokens per min (TPM), maximum context length',
      },
    ],
    [
      'credit for less only, by a default keyword',
      {
        kind: 'quota_exhausted',
        code: 'request_too_large',
        status: 402,
        message: 'fewer max_tokens, or a lower maximum context length',
      },
    ],
  ])('%s', (_, fault) => {
    expect(errorKeywords(custom)!(fault)).toBe(fault)
  })

  test('of every kind that is certain', () => {
    const certain = faultKinds.filter(
      (kind: FaultKind) => !['invalid_request', 'upstream', 'bad_response', 'context_length'].includes(kind),
    )
    for (const kind of certain) {
      const fault = faultOf({ kind, inBand: true })
      expect(errorKeywords(custom)!(fault)).toBe(fault)
    }
  })
})

test('a default keyword works where a provider did not know the text', () => {
  const fault = faultOf({ kind: 'upstream', status: 500, message: 'maximum context length is 8 tokens' })
  expect(errorKeywords(settings({}))!(fault).kind).toBe('context_length')
  expect(errorKeywords(settings({ error_keywords: ['other'] }))!(fault)).toBe(fault)
})

test.each([
  ['no condensation', undefined],
  ['condensation that is off', settings({ enabled: false })],
  ['no keywords', settings({ error_keywords: [] })],
])('%s: nothing is looked for', (_, condensation) => {
  expect(errorKeywords(condensation)).toBeUndefined()
})
