import { describe, expect, test } from 'vitest'
import { openrouterFault } from './fault.ts'

function fault(error: unknown, status = 400, headers: Record<string, string> = {}) {
  const body = { error }
  return openrouterFault({ status, headers, body, text: JSON.stringify(body), inBand: status === 200 })
}

const typed = (type: string, message = 'No.') => ({ message, metadata: { error_type: type } })

describe('metadata.error_type', () => {
  test.each([
    ['context_length_exceeded', 'context_length'],
    ['token_limit_exceeded', 'context_length'],
    ['max_tokens_exceeded', 'invalid_request'],
    ['string_too_long', 'invalid_request'],
    ['authentication', 'authentication'],
    ['permission_denied', 'authentication'],
    ['payment_required', 'quota_exhausted'],
    ['rate_limit_exceeded', 'rate_limit'],
    ['provider_overloaded', 'overloaded'],
    ['provider_unavailable', 'overloaded'],
    ['invalid_request', 'invalid_request'],
    ['invalid_prompt', 'invalid_request'],
    ['not_found', 'model_not_found'],
    ['precondition_failed', 'invalid_request'],
    ['payload_too_large', 'invalid_request'],
    ['unprocessable', 'invalid_request'],
    ['content_policy_violation', 'content_filter'],
    ['refusal', 'content_filter'],
    ['invalid_image', 'invalid_request'],
    ['image_too_large', 'invalid_request'],
    ['unsupported_image_format', 'invalid_request'],
    ['server', 'upstream'],
    ['timeout', 'timeout'],
  ])('%s is a fault of kind %s, inside a 200 and with a status', (type, kind) => {
    expect(fault(typed(type), 200).kind).toBe(kind)
    expect(fault(typed(type), 418).kind).toBe(kind)
  })

  test.each(['unmapped', 'a_new_word', 'constructor'])('%s leaves it to the status', (type) => {
    expect(fault(typed(type), 503).kind).toBe('overloaded')
    expect(fault({ ...typed(type), code: 404 }, 200).kind).toBe('model_not_found')
  })

  test('a general type does not hide what the text says', () => {
    expect(fault(typed('invalid_request', 'prompt is too long: 9 tokens > 8 maximum')).kind).toBe(
      'context_length',
    )
    expect(fault(typed('rate_limit_exceeded', 'free-models-per-day'), 429).kind).toBe('quota_exhausted')
    expect(fault(typed('rate_limit_exceeded', 'You exceeded your current quota'), 429).kind).toBe(
      'quota_exhausted',
    )
    expect(fault(typed('rate_limit_exceeded', 'free-models-per-min'), 429).kind).toBe('rate_limit')
  })
})

describe('the message', () => {
  const raw = (value: unknown, provider: unknown = 'Acme') => ({
    message: 'Provider returned error',
    code: 502,
    metadata: { raw: value, provider_name: provider },
  })

  test.each<[unknown, string]>([
    ['busy', '[Acme] busy'],
    ['{"error":{"message":"busy"}}', '[Acme] busy'],
    [{ error: { message: 'busy' } }, '[Acme] busy'],
    [{ message: 'busy' }, '[Acme] busy'],
    ['', 'Provider returned error'],
    [null, 'Provider returned error'],
    [{}, 'Provider returned error'],
  ])('of metadata.raw %j is %j', (value, message) => {
    expect(fault(raw(value), 502).message).toBe(message)
  })

  test.each([null, '', 7])('has no vendor in front when its name is %j', (provider) => {
    expect(fault(raw('busy', provider), 502).message).toBe('busy')
  })

  test('never shows the prompt or a key', () => {
    const metadata = { flagged_input: 'my secret prompt', raw: 'my secret prompt, sk-test-1234567890abcdef' }
    const found = fault({ message: 'flagged: my secret prompt', metadata }, 403)
    expect(found).toMatchObject({ kind: 'content_filter', message: '[redacted], [redacted]' })
  })
})

describe('the wait', () => {
  const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
  const reset = String(Date.parse(date) + 30_000)
  const error = { message: 'Rate limit exceeded', metadata: { headers: { 'X-RateLimit-Reset': reset } } }

  test('is read from the headers in the body, and those of the answer win', () => {
    expect(fault(error, 429, { date }).retryAfterMs).toBe(30_000)
    expect(fault(error, 429, { date, 'retry-after': '2' }).retryAfterMs).toBe(2000)
    expect(fault(error, 429).retryAfterMs).toBeUndefined()
  })

  test('belongs to kinds for which waiting helps', () => {
    const filtered = { ...error, metadata: { ...error.metadata, error_type: 'content_policy_violation' } }
    expect(fault(filtered, 429, { date })).not.toHaveProperty('retryAfterMs')
  })
})

test.each([
  undefined,
  null,
  'text',
  7,
  [],
  {},
  { metadata: null },
  { metadata: [] },
  { metadata: { headers: [1], reasons: {}, error_type: {}, provider_code: 5 } },
])('the error %j is read without a crash', (error) => {
  expect(fault(error, 500).kind).toBe('upstream')
  expect(fault(error, 200).message).not.toBe('')
})
