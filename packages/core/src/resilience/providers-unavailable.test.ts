import type { Fault, FaultKind } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import type { AttemptRecord } from '../metrics/outcome.ts'
import { providersUnavailable } from './providers-unavailable.ts'

function attempt(provider: string, kind: FaultKind, more: Partial<Fault> = {}): AttemptRecord {
  return {
    provider,
    type: 'x',
    model: 'm',
    durationMs: 1,
    firstByteMs: null,
    fault: { kind, message: `${provider} ${kind}`, ...more },
  }
}

test('several deployments with different failures: 503 with details', () => {
  const attempts = [attempt('a', 'timeout'), attempt('a', 'timeout'), attempt('b', 'rate_limit')]
  const error = providersUnavailable(attempts, 4_200, true)
  expect(error.status).toBe(503)
  expect(error.headers).toEqual({ 'x-should-retry': 'false', 'retry-after': '5' })
  expect(error.envelope()).toEqual({
    error: {
      message: 'All providers are currently unavailable',
      type: 'service_unavailable_error',
      param: null,
      code: 'providers_unavailable',
      details: {
        attempts: 3,
        providers_tried: ['a', 'b'],
        errors: [
          { provider: 'a', error_type: 'TimeoutError' },
          { provider: 'a', error_type: 'TimeoutError' },
          { provider: 'b', error_type: 'RateLimitError' },
        ],
      },
    },
  })
})

test('everybody asked for a wait: the soonest; somebody did not: nobody knows', () => {
  const named = [
    attempt('a', 'overloaded', { retryAfterMs: 30_000 }),
    attempt('b', 'upstream', { retryAfterMs: 7_000 }),
  ]
  const error = providersUnavailable(named, undefined, true)
  expect(error).toMatchObject({ status: 503, headers: { 'x-should-retry': 'false', 'retry-after': '7' } })
  const some = providersUnavailable([...named, attempt('c', 'upstream')], undefined, true)
  expect(some.headers).not.toHaveProperty('retry-after')
})

test('details can be switched off', () => {
  expect(providersUnavailable([], undefined, false).envelope().error).not.toHaveProperty('details')
})

test('one deployment: its own failure, however often it was asked', () => {
  const error = providersUnavailable([attempt('a', 'upstream'), attempt('a', 'timeout')], undefined, true)
  expect(error).toMatchObject({ status: 504, code: 'upstream_timeout' })
})

test('all rate limited: 429 with the soonest retry-after', () => {
  const attempts = [
    attempt('a', 'rate_limit', { retryAfterMs: 30_000 }),
    attempt('b', 'quota_exhausted'),
    attempt('c', 'rate_limit', { retryAfterMs: 7_000 }),
  ]
  const error = providersUnavailable(attempts, undefined, true)
  expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', headers: { 'retry-after': '7' } })
  expect(error.headers).not.toHaveProperty('x-should-retry')
})

test('a client’s mistake at the second deployment is the answer', () => {
  const error = providersUnavailable([attempt('a', 'upstream'), attempt('b', 'context_length')], 5_000, true)
  expect(error).toMatchObject({ status: 400, code: 'context_length_exceeded' })
  expect(error.headers).not.toHaveProperty('retry-after')
})

test('nobody knows the model: 404; somebody failed otherwise: 503', () => {
  const unknown = [attempt('a', 'model_not_found'), attempt('b', 'model_not_found')]
  expect(providersUnavailable(unknown, undefined, true).status).toBe(404)
  expect(providersUnavailable([...unknown, attempt('c', 'upstream')], undefined, true).status).toBe(503)
})

test('nothing could be asked: 503 that names the reasons as errors but counts no attempt', () => {
  const skipped = [
    attempt('a', 'overloaded', { retryAfterMs: 9_000 }),
    attempt('b', 'rate_limit', { retryAfterMs: 2_000 }),
  ]
  const error = providersUnavailable([], undefined, true, skipped)
  expect(error).toMatchObject({ status: 503, code: 'providers_unavailable', headers: { 'retry-after': '2' } })
  expect(error.details).toEqual({
    attempts: 0,
    providers_tried: [],
    errors: [
      { provider: 'a', error_type: 'OverloadedError' },
      { provider: 'b', error_type: 'RateLimitError' },
    ],
  })
})

test('nothing could be asked because all pause after a rate limit: 429', () => {
  const skipped = [
    attempt('a', 'rate_limit', { retryAfterMs: 9_000 }),
    attempt('b', 'rate_limit', { retryAfterMs: 2_500 }),
  ]
  const error = providersUnavailable([], undefined, true, skipped)
  expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded', headers: { 'retry-after': '3' } })
})

const dead = (provider: string) =>
  attempt(provider, 'authentication', { code: 'upstream_credentials_exhausted', retryAfterMs: 9_000 })

test.each([
  ['asked before', [], [dead('a')]],
  ['asked', [attempt('a', 'authentication'), attempt('a', 'quota_exhausted')], [dead('a')]],
  ['several', [attempt('a', 'authentication')], [dead('a'), dead('b')]],
] as const)('no key is left: 502 with the soonest time, %s', (_when, attempts, skipped) => {
  const error = providersUnavailable(attempts, 8_000, true, skipped)
  expect([error.status, error.code]).toEqual([502, 'upstream_credentials_exhausted'])
  expect(error.headers).toEqual({ 'x-should-retry': 'false', 'retry-after': '8' })
  expect(error.message).toMatch(
    skipped.length > 1 ? /^The providers of this model / : /^Provider "a" has no key left/,
  )
})

test('no key is left at one of several providers: that is a detail', () => {
  const attempts = [attempt('a', 'authentication'), attempt('b', 'upstream'), attempt('c', 'timeout')]
  const error = providersUnavailable(attempts, undefined, true, [dead('a')])
  expect([error.status, error.code]).toEqual([503, 'providers_unavailable'])
  const { errors } = error.details as { errors: { error_type: string }[] }
  expect(errors.map(({ error_type: type }) => type)).toContain('CredentialsExhaustedError')
})

test('one key was refused, and the others pause: 429 until the first of them is ready', () => {
  const pause = attempt('a', 'rate_limit', { code: 'cooling_down', retryAfterMs: 4_000 })
  const error = providersUnavailable([attempt('a', 'authentication')], 4_000, true, [pause])
  expect([error.status, error.code, error.headers]).toEqual([
    429,
    'rate_limit_exceeded',
    { 'retry-after': '4' },
  ])
})
