import { type Fault, faultKinds } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { type AttemptRecord, timeoutPhases } from '../metrics/outcome.ts'
import { faultPolicy, type ObservedFault } from './fault-table.ts'
import { faultToError, retryHeaders } from './fault-error.ts'

function attempt(fault: Fault, provider = 'first'): AttemptRecord {
  return { provider, type: 'x', model: 'm', durationMs: 1, firstByteMs: null, fault }
}

type FaultInTest = Omit<ObservedFault, 'message'> & { readonly message?: string }

function errorOf(fault: FaultInTest, times = 1) {
  const whole = { message: 'the vendor says so', ...fault }
  return faultToError(whole, { attempts: Array.from({ length: times }, () => attempt(whole)) })
}

test.each(faultKinds)('%s gets status, type and code of the table', (kind) => {
  const { status, type, code } = errorOf({ kind })
  expect({ status, type, code }).toEqual({
    status: faultPolicy[kind].status,
    type: faultPolicy[kind].type,
    code: faultPolicy[kind].code,
  })
})

test('no upstream failure is ever a 401, and client mistakes stay 4xx', () => {
  for (const kind of faultKinds) expect(faultPolicy[kind].status).not.toBe(401)
  for (const kind of ['invalid_request', 'context_length', 'content_filter'] as const) {
    expect(faultPolicy[kind]).toMatchObject({ status: 400, fallback: false, breaker: 'none', retry: 'never' })
  }
})

test('the vendor’s message and field are passed on, and its code when it is a word', () => {
  const error = errorOf({
    kind: 'invalid_request',
    message: 'bad value',
    param: 'top_p',
    code: 'invalid_value',
  })
  expect(error).toMatchObject({ message: 'bad value', param: 'top_p', code: 'invalid_value' })
  expect(errorOf({ kind: 'invalid_request', code: 'not a word!' }).code).toBeNull()
  expect(errorOf({ kind: 'rate_limit', code: '' }).code).toBe('rate_limit_exceeded')
})

test('codes that clients compare are not replaced by the vendor’s', () => {
  expect(errorOf({ kind: 'context_length', code: 'string_above_max_length' }).code).toBe(
    'context_length_exceeded',
  )
  expect(errorOf({ kind: 'model_not_found', code: 'deployment_missing' }).code).toBe('model_not_found')
})

test('a refused key shows neither the vendor’s text nor its code', () => {
  const fault = {
    kind: 'authentication',
    message: 'Incorrect key: sk-canary',
    code: 'sk-canary',
    status: 401,
  } as const
  const text = JSON.stringify(errorOf(fault).envelope())
  expect(text).not.toContain('canary')
  expect(text).toContain('first')
  expect(errorOf(fault)).toMatchObject({ status: 502, code: 'upstream_authentication' })
})

test('a failure of the transport names the provider', () => {
  const message = 'the upstream cannot be reached (ECONNREFUSED)'
  expect(errorOf({ kind: 'network', message }).message).toBe(`Provider "first": ${message}`)
  expect(faultToError({ kind: 'network', message }, { attempts: [] }).message).toBe(message)
})

test('each time limit has its own code, and those of one upstream name its provider', () => {
  const errors = timeoutPhases.map((phase) => errorOf({ kind: 'timeout', phase, message: 'late' }))
  expect(errors.map(({ status, code, message }) => `${status} ${code}: ${message}`)).toEqual([
    '504 upstream_connect_timeout: Provider "first": late',
    '504 upstream_first_byte_timeout: Provider "first": late',
    '504 upstream_idle_timeout: Provider "first": late',
    '504 request_timeout: late',
    '504 stream_timeout: late',
  ])
  expect(errorOf({ kind: 'timeout', message: 'the upstream’s own', status: 504 })).toMatchObject({
    code: 'upstream_timeout',
    message: 'the upstream’s own',
  })
})

test('an empty message is replaced by a sentence', () => {
  for (const kind of faultKinds) expect(errorOf({ kind, message: ' ' }).message).toMatch(/\w{3}/)
})

test('client libraries are told not to retry, except after a rate limit that was passed on at once', () => {
  for (const kind of faultKinds) {
    const { headers } = errorOf({ kind })
    expect(headers['x-should-retry']).toBe(kind === 'rate_limit' ? undefined : 'false')
  }
  expect(errorOf({ kind: 'rate_limit' }, 2).headers['x-should-retry']).toBe('false')
})

test('retry-after is in whole seconds, rounded up, and never 0', () => {
  expect(errorOf({ kind: 'rate_limit', retryAfterMs: 6_001 }).headers['retry-after']).toBe('7')
  expect(retryHeaders(0)['retry-after']).toBe('1')
  expect(retryHeaders(Infinity)).toEqual({ 'x-should-retry': 'false' })
  const fault = { kind: 'overloaded', message: '' } as const
  expect(faultToError(fault, { attempts: [], retryAfterMs: 2_000 }).headers['retry-after']).toBe('2')
})
