import { expect, test } from 'vitest'
import { messagesFault } from './fault.ts'
import { resetWait } from './rate-limit-reset.ts'

const failed = (
  status: number,
  type: unknown,
  message: unknown = 'x',
): Parameters<typeof messagesFault>[0] => {
  const body = { type: 'error', error: { type, message } }
  return { status, headers: {}, body, text: JSON.stringify(body), inBand: status === 200 }
}

test.each([
  [400, 'something_new', 'invalid_request'],
  [418, 'something_new', 'invalid_request'],
  [429, 'something_new', 'rate_limit'],
  [500, 'something_new', 'upstream'],
  [503, 'something_new', 'overloaded'],
  [529, 'constructor', 'overloaded'],
  [200, 'something_new', 'upstream'],
])('status %i with the unknown type %s is %s', (status, type, kind) => {
  expect(messagesFault(failed(status, type))?.kind).toBe(kind)
})

test('an error inside a stream has the status it would have had', () => {
  expect(messagesFault(failed(200, 'overloaded_error', 'Overloaded'))).toMatchObject({
    kind: 'overloaded',
    status: 529,
  })
})

test.each([undefined, null, 'text', {}, { error: 'text' }, { error: { message: 'no type' } }])(
  '%o is left to the default classification',
  (body) => {
    expect(messagesFault({ status: 500, headers: {}, body, text: '', inBand: false })).toBeUndefined()
  },
)

test('an error without a message is named by its type', () => {
  expect(messagesFault(failed(500, 'api_error', null))?.message).toBe('api_error')
})

test('key parts never reach the message', () => {
  expect(
    messagesFault(failed(401, 'authentication_error', 'invalid key sk-ant-' + 'abcdefgh'.repeat(4))),
  ).toMatchObject({ message: expect.not.stringContaining('abcdefgh') as string })
})

const date = 'Thu, 01 Jan 2026 00:00:00 GMT'
const reset = (limit: string, remaining: string, seconds: number): Record<string, string> => ({
  [`anthropic-ratelimit-${limit}-remaining`]: remaining,
  [`anthropic-ratelimit-${limit}-reset`]: `2026-01-01T00:00:${seconds}Z`,
})

test.each([
  ['the limit that is used up', { date, ...reset('requests', '3', 50), ...reset('tokens', '0', 20) }, 20_000],
  ['the latest of two', { date, ...reset('requests', '0', 50), ...reset('tokens', '0', 20) }, 50_000],
  ['any, when rounding hides which', { date, ...reset('tokens', '1000', 20) }, 20_000],
  ['nothing without a date', reset('tokens', '0', 20), undefined],
  ['nothing without limits', { date }, undefined],
])('the wait is told by %s', (_, headers, wait) => {
  expect(resetWait(headers)).toBe(wait)
})

test('a request that the plan has no room for pauses nobody else', () => {
  const text = 'Extra usage is required for long context requests.'
  expect(messagesFault(failed(429, 'rate_limit_error', text))).toMatchObject({
    kind: 'quota_exhausted',
    code: 'request_too_large',
    retryAfterMs: 0,
  })
})

test('a message is no longer than people read', () => {
  expect(
    messagesFault(failed(400, 'invalid_request_error', 'word '.repeat(50_000)))?.message.length,
  ).toBeLessThan(2100)
})
