import { describe, expect, test } from 'vitest'
import type { FailedResponse, HeaderMap } from './contract.ts'
import { type FaultKind, faultKinds } from './fault.ts'
import { openaiFault } from './openai-fault.ts'

function failed(status: number, body: unknown, headers: HeaderMap = {}): FailedResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { status, headers, body: typeof body === 'string' ? undefined : body, text, inBand: false }
}

function frame(body: unknown): FailedResponse {
  return { status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }
}

function error(message: string, type: string | null = null, code: unknown = null) {
  return { error: { message, type, param: null, code } }
}

describe('a status without a telling body', () => {
  test.each<[number, FaultKind]>([
    [301, 'bad_response'],
    [307, 'bad_response'],
    [400, 'invalid_request'],
    [401, 'authentication'],
    [402, 'quota_exhausted'],
    [403, 'authentication'],
    [404, 'model_not_found'],
    [405, 'invalid_request'],
    [408, 'timeout'],
    [409, 'invalid_request'],
    [410, 'model_not_found'],
    [413, 'invalid_request'],
    [422, 'invalid_request'],
    [429, 'rate_limit'],
    [498, 'overloaded'],
    [500, 'upstream'],
    [501, 'upstream'],
    [502, 'upstream'],
    [503, 'overloaded'],
    [504, 'timeout'],
    [520, 'upstream'],
    [524, 'timeout'],
    [529, 'overloaded'],
  ])('%i is %s', (status, kind) => {
    for (const body of ['', '<html><h1>x</h1></html>', '{"error":{"mess', { error: 'x' }, {}, [], null]) {
      expect(openaiFault(failed(status, body))).toMatchObject({ kind, status })
    }
  })

  test('every status gives a kind and a message', () => {
    for (let status = 300; status < 600; status++) {
      const fault = openaiFault(failed(status, ''))
      expect(faultKinds).toContain(fault.kind)
      expect(fault.message).toContain(String(status))
    }
  })
})

describe('a body that says more', () => {
  test.each<[string, FailedResponse, FaultKind]>([
    [
      'a quota by code',
      failed(429, error('You exceeded your current quota, …', 'insufficient_quota', 'insufficient_quota')),
      'quota_exhausted',
    ],
    ['a quota by type', failed(429, error('x', 'insufficient_quota')), 'quota_exhausted'],
    [
      'a quota by text',
      failed(403, {
        code: 'Some phrase',
        error: 'Your team has used all available credits or reached its monthly spending limit',
      }),
      'quota_exhausted',
    ],
    ['a low balance', failed(400, error('Your credit balance is too low to access this')), 'quota_exhausted'],
    [
      'a billing limit',
      failed(400, error('Billing hard limit has been reached', 'x', 'billing_hard_limit_reached')),
      'quota_exhausted',
    ],
    ['a daily quota', failed(429, error('Rate limit exceeded: free-models-per-day')), 'quota_exhausted'],
    [
      'a rate limit',
      failed(
        429,
        error('Rate limit reached for model-x on requests per min', 'requests', 'rate_limit_exceeded'),
      ),
      'rate_limit',
    ],
    [
      'the words of a context error in a rate limit',
      failed(429, error('maximum context length')),
      'rate_limit',
    ],
    [
      'a context length by code',
      failed(400, error('x', 'invalid_request_error', 'context_length_exceeded')),
      'context_length',
    ],
    [
      'a context length by text',
      failed(400, error("This model's maximum context length is 4097 tokens.", 'invalid_request_error', 400)),
      'context_length',
    ],
    [
      'a context length with status 422',
      failed(422, {
        error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096',
        error_type: 'validation',
      }),
      'context_length',
    ],
    [
      'a context length with status 500',
      failed(500, { error: 'the model is loaded with context length of only 4096 tokens' }),
      'context_length',
    ],
    [
      'a context length with status 413',
      failed(413, error('Request exceeds the maximum size', 'request_too_large')),
      'context_length',
    ],
    [
      'a context length inside nested JSON',
      failed(400, error('XError: 400 - {"error":{"message":"too big","code":"context_length_exceeded"}}')),
      'context_length',
    ],
    ['a context length with status 404', failed(404, error('maximum context length')), 'model_not_found'],
    [
      'a content policy',
      failed(400, error('rejected', 'invalid_request_error', 'content_policy_violation')),
      'content_filter',
    ],
    ['a content filter', failed(400, error('filtered', null, 'content_filter')), 'content_filter'],
    [
      'a key refused with status 400',
      failed(400, error('bad key', 'x', 'invalid_api_key')),
      'authentication',
    ],
    [
      'a model unknown with status 400',
      failed(400, error('no model', 'x', 'model_not_found')),
      'model_not_found',
    ],
    [
      'a model that the account may not use',
      failed(403, error('Project `p` does not have access to model `m`', 'x', 'model_not_found')),
      'model_not_found',
    ],
    [
      'a parameter',
      failed(
        400,
        error("Unsupported parameter: 'max_tokens'", 'invalid_request_error', 'unsupported_parameter'),
      ),
      'invalid_request',
    ],
    [
      'a long field',
      failed(
        400,
        error("Invalid 'user': string too long; maximum context length", 'x', 'string_above_max_length'),
      ),
      'invalid_request',
    ],
    [
      'a status word in a body',
      failed(400, error('rate limit 429 overloaded insufficient')),
      'invalid_request',
    ],
  ])('%s', (_, response, kind) => {
    expect(openaiFault(response).kind).toBe(kind)
  })

  test('keeps code and param when they are words', () => {
    const body = { error: { message: 'm', type: 't', param: 'messages[0].content', code: 'invalid_value' } }
    expect(openaiFault(failed(400, body))).toEqual({
      kind: 'invalid_request',
      message: 'm',
      code: 'invalid_value',
      param: 'messages[0].content',
      status: 400,
    })
  })

  test('a request that is larger than the limit per minute goes elsewhere, without a pause', () => {
    const text =
      'Request too large for model-x in organization org-a on tokens per min (TPM): Limit 30000, Requested 34307.'
    for (const status of [429, 413]) {
      expect(
        openaiFault(failed(status, error(text, 'tokens', 'rate_limit_exceeded'), { 'retry-after': '60' })),
      ).toMatchObject({
        kind: 'quota_exhausted',
        code: 'request_too_large',
        retryAfterMs: 0,
      })
    }
  })

  test('a request for more tokens than the credit is good for goes elsewhere, without a pause; an empty account pauses', () => {
    const text =
      'This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 4000.'
    expect(openaiFault(failed(402, error(text)))).toMatchObject({
      kind: 'quota_exhausted',
      code: 'request_too_large',
      retryAfterMs: 0,
    })
    const empty = openaiFault(failed(402, error('Insufficient credits')))
    expect(empty).toMatchObject({ kind: 'quota_exhausted', code: null })
    expect(empty).not.toHaveProperty('retryAfterMs')
  })

  test('a request that fits the limit per minute waits', () => {
    const text =
      'Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 2s.'
    expect(openaiFault(failed(429, error(text, 'tokens', 'rate_limit_exceeded')))).toMatchObject({
      kind: 'rate_limit',
      retryAfterMs: 2000,
    })
  })
})

describe('an error inside a 2xx', () => {
  test.each<[unknown, FaultKind]>([
    [error('x', 'server_error'), 'upstream'],
    [error('x', 'rate_limit_error'), 'rate_limit'],
    [error('x', 'requests', 'rate_limit_exceeded'), 'rate_limit'],
    [error('x', 'insufficient_quota'), 'quota_exhausted'],
    [error('x', 'authentication_error'), 'authentication'],
    [error('x', 'invalid_request_error', 'invalid_api_key'), 'authentication'],
    [error('x', 'permission_error'), 'authentication'],
    [error('x', 'not_found_error'), 'model_not_found'],
    [error('x', 'invalid_request_error', 'model_not_found'), 'model_not_found'],
    [error('x', 'invalid_request_error'), 'invalid_request'],
    [error('x', 'bad_request'), 'invalid_request'],
    [error('x', 'invalid_request_error', 'context_length_exceeded'), 'context_length'],
    [error('Your input exceeds the context window of this model.', 'server_error'), 'context_length'],
    [error('x', 'invalid_request_error', 'content_filter'), 'content_filter'],
    [error('x', 'overloaded_error'), 'overloaded'],
    [error('x', 'timeout_error'), 'timeout'],
    [error('x', null, 429), 'rate_limit'],
    [error('x', null, '503'), 'overloaded'],
    [error('x', null, 502), 'upstream'],
    [error('x', null, 200), 'upstream'],
    [{ error: 'x' }, 'upstream'],
    [{ code: 401, message: 'x' }, 'authentication'],
    [{}, 'upstream'],
  ])('%j is %s', (body, kind) => {
    expect(openaiFault(frame(body)).kind).toBe(kind)
  })

  test('has the status that stands in it, or none', () => {
    expect(openaiFault(frame(error('x', null, 502))).status).toBe(502)
    expect(openaiFault(frame(error('x', 'server_error')))).not.toHaveProperty('status')
  })
})

describe('the wait', () => {
  test('is read where waiting can help', () => {
    expect(openaiFault(failed(503, '', { 'retry-after': '3' })).retryAfterMs).toBe(3000)
    expect(
      openaiFault(failed(400, error('Please try again in 3s'), { 'retry-after': '3' })),
    ).not.toHaveProperty('retryAfterMs')
  })

  test('counts a date from the clock that is given', () => {
    const response = failed(429, '', { 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT' })
    expect(openaiFault(response, Date.parse('2026-03-01T12:00:00Z')).retryAfterMs).toBe(30_000)
    expect(openaiFault(response)).not.toHaveProperty('retryAfterMs')
  })
})

test('the wait may stand in headers that the body quotes; the answer’s own count first', () => {
  const quoted = { message: 'm', code: 429, metadata: { headers: { 'Retry-After': '9' } } }
  expect(openaiFault(failed(429, { error: quoted })).retryAfterMs).toBe(9000)
  expect(openaiFault(failed(429, { error: quoted }, { 'retry-after': '1' })).retryAfterMs).toBe(1000)
  expect(openaiFault(frame({ error: quoted })).retryAfterMs).toBe(9000)
})

test('key parts are not repeated', () => {
  const message = 'Incorrect API key provided: sk-abcd1***wxyz. You can find your key in the settings.'
  expect(openaiFault(failed(401, error(message, 'invalid_request_error', 'invalid_api_key')))).toMatchObject({
    kind: 'authentication',
    message: 'Incorrect API key provided: [redacted]. You can find your key in the settings.',
  })
})
