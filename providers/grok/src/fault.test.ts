import { describe, expect, test } from 'vitest'
import { grokFault } from './fault.ts'

const of = (status: number, body: unknown, text = JSON.stringify(body)) =>
  grokFault({ status, headers: {}, body, text, inBand: status === 200 })
const phrase = (code: string, error: string) => ({ code, error })

describe('a key that is wrong', () => {
  test.each([
    [400, phrase('Client specified an invalid argument', 'Incorrect API key provided: xa***56.')],
    [400, phrase('invalid-argument', 'Incorrect%20API%20key%20provided:%20ba***na.')],
    [400, { error: { message: 'Incorrect API key provided: xa***56.', type: 'invalid_request_error' } }],
    [200, phrase('invalid-argument', 'Incorrect API key provided: xa***56.')],
  ])('with status %i is told from a wrong request, and not shown: %j', (status, body) => {
    const fault = of(status, body)
    expect(fault.kind).toBe('authentication')
    expect(fault.message).not.toMatch(/xa\*|\*56|ba\*|na\./)
  })

  test('is not every text that names one', () => {
    expect(of(400, { error: 'an api key is not incorrect here' }).kind).toBe('invalid_request')
  })
})

test.each<[string, string]>([
  ['Client specified an invalid argument', 'invalid_request'],
  ['invalid-argument', 'invalid_request'],
  ['Unauthenticated:bad-credentials', 'authentication'],
  ['The caller does not have permission to execute the specified operation', 'authentication'],
  ['Some requested entity was not found', 'model_not_found'],
  ['Some resource has been exhausted', 'rate_limit'],
  ['The service is currently unavailable', 'overloaded'],
  ['Deadline expired before operation could complete', 'timeout'],
  ['Something new', 'upstream'],
])('inside a 200 the phrase %j is %s', (code, kind) => {
  expect(of(200, phrase(code, 'No details.')).kind).toBe(kind)
})

test.each<[number, string, string]>([
  [404, 'The model grok-x does not exist or your team t does not have access to it.', 'model_not_found'],
  [404, 'No handler found on route. Please double check your URL.', 'unsupported'],
  [403, 'Content violates usage guidelines. Failed check: X', 'content_filter'],
  [403, 'Your team is blocked because it violated the usage guidelines of the account.', 'authentication'],
  [403, 'Your API key is disabled.', 'authentication'],
  [
    429,
    'Your team t has either used all available credits or reached its monthly spending limit.',
    'quota_exhausted',
  ],
  [429, 'Too many requests for team t.', 'rate_limit'],
  [400, 'The maximum prompt length is not known.', 'invalid_request'],
  [
    400,
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    'context_length',
  ],
])('%i %s is %s', (status, error, kind) => {
  expect(of(status, phrase('x', error)).kind).toBe(kind)
})

test('an encoded text is shown decoded, a broken one as well as it goes', () => {
  expect(of(400, { error: 'Bad%20argument%21' }).message).toBe('Bad argument!')
  expect(of(400, { error: 'Bad%20argument%' }).message).toBe('Bad argument%')
  expect(of(400, undefined, 'Bad%20argument').message).toBe('Bad argument')
  expect(of(400, { error: '100% of it' }).message).toBe('100% of it')
})
