import { describe, expect, test } from 'vitest'
import type { FailedResponse } from './contract.ts'
import type { FaultKind } from './fault.ts'
import { openaiFault } from './openai-fault.ts'

/** An answer as it comes over the wire. Status 200: an error inside an answer or a stream. */
function answer(status: number, body: unknown): FailedResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    status,
    headers: {},
    text,
    body: typeof body === 'string' ? undefined : body,
    inBand: status === 200,
  }
}

/** The usual envelope. */
const error = (message: string, members: object = {}): object => ({ error: { message, ...members } })
describe('what looks alike is something else', () => {
  const perMinute =
    'Request too large for model-x in organization org-a on tokens per min (TPM): Limit 30000, Requested 34307. The input or output tokens must be reduced in order to run successfully.'
  const limited = { type: 'tokens', param: null, code: 'rate_limit_exceeded' }

  test.each<[shape: string, status: number, body: unknown, kind: FaultKind]>([
    ['larger than the limit per minute', 429, error(perMinute, limited), 'quota_exhausted'],
    ['the same with status 413', 413, error(perMinute, limited), 'quota_exhausted'],
    [
      'a limit per minute that is used up',
      429,
      error('Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.', limited),
      'rate_limit',
    ],
    [
      'throttling in the words of a length',
      429,
      { message: 'Too many tokens, please wait before trying again.' },
      'rate_limit',
    ],
    [
      'the same with status 400',
      400,
      { message: 'Too many tokens, please wait before trying again.' },
      'invalid_request',
    ],
    [
      'throttling that gives advice',
      429,
      error('Rate limit reached. Please reduce the length of the messages.'),
      'rate_limit',
    ],
    [
      'a plan without long requests',
      429,
      error('Extra usage is required for long context requests.'),
      'quota_exhausted',
    ],
    [
      'a monthly cap',
      429,
      { message: 'You are using a Trial key, which is limited to 1000 API calls / month.' },
      'quota_exhausted',
    ],
    [
      'a cap per minute',
      429,
      { message: 'You are using a Trial key, which is limited to 40 API calls / minute.' },
      'rate_limit',
    ],
    [
      'a daily cap',
      429,
      error('Rate limit exceeded: free-models-per-day. Add 10 credits', { code: 429 }),
      'quota_exhausted',
    ],
    [
      'a free cap per minute',
      429,
      error('Rate limit exceeded: free-models-per-min.', { code: 429 }),
      'rate_limit',
    ],
    [
      'a long wait',
      429,
      error(
        'Requests have exceeded token rate limit of your current pricing tier. Please retry after 86400 seconds.',
        { code: '429' },
      ),
      'rate_limit',
    ],
    [
      'no credit, by code',
      429,
      error('You exceeded your current quota', { code: 'insufficient_quota' }),
      'quota_exhausted',
    ],
    [
      'no credit, status 400',
      400,
      error('Your credit balance is too low to access this API.'),
      'quota_exhausted',
    ],
    [
      'no credit, status 403, a text as the error',
      403,
      {
        code: 'x',
        error: 'Your team has either used all available credits or reached its monthly spending limit',
      },
      'quota_exhausted',
    ],
    ['no credit, status 402', 402, error('Insufficient credits. Add more', { code: 402 }), 'quota_exhausted'],
    [
      'a cap on the answer, behind the words of a length',
      400,
      {
        message:
          'too many tokens: max tokens must be less than or equal to 4096, the maximum output for this model - received 8192.',
      },
      'invalid_request',
    ],
    [
      'a cap on the answer',
      400,
      error('max_tokens: 200000 > 8192, which is the maximum allowed number of output tokens for this model'),
      'invalid_request',
    ],
    [
      'one field that is too long',
      400,
      error("Invalid 'user': string too long. Expected a string with maximum length 64", {
        code: 'string_above_max_length',
      }),
      'invalid_request',
    ],
    [
      'a list that is too long',
      400,
      error("Invalid 'messages': array too long. Expected an array with maximum length 2048", {
        code: 'array_above_max_length',
      }),
      'invalid_request',
    ],
    [
      'a name that is too long',
      400,
      error("Invalid 'tools[0].function.name': maximum length is 64"),
      'invalid_request',
    ],
    [
      'an image that is too large',
      400,
      error('The image exceeds the maximum size of 20 MB'),
      'invalid_request',
    ],
    [
      'a parameter',
      400,
      error("Unsupported parameter: 'max_tokens' is not supported with this model.", {
        code: 'unsupported_parameter',
      }),
      'invalid_request',
    ],
    [
      'a parameter with a telling name',
      400,
      error('Unknown parameter: context_window', { code: 'unknown_parameter' }),
      'invalid_request',
    ],
    ['a least value', 400, error('max_tokens must be at least 16'), 'invalid_request'],
    ['a budget', 400, error('thinking.budget_tokens must be less than max_tokens'), 'invalid_request'],
    [
      'a filter',
      400,
      error('The prompt triggered a content policy: prompt is too long for comfort', {
        code: 'content_filter',
      }),
      'content_filter',
    ],
    ['the words behind a refused key', 401, error('maximum context length'), 'authentication'],
    ['the words behind a missing model', 404, error('maximum context length'), 'model_not_found'],
    [
      'a region',
      403,
      error('Country, region, or territory not supported', { code: 'unsupported_country_region_territory' }),
      'authentication',
    ],
    ['a deadline', 500, error('context deadline exceeded', { type: 'server_error' }), 'upstream'],
    [
      'a proxy’s page about a large body',
      413,
      '<html><h1>413 Request Entity Too Large</h1></html>',
      'invalid_request',
    ],
    [
      'a full queue',
      503,
      { error: 'server busy, please try again.  maximum pending requests exceeded' },
      'overloaded',
    ],
    [
      'a model that is loading',
      503,
      error('Loading model', { code: 503, type: 'unavailable_error' }),
      'overloaded',
    ],
    [
      'an overload',
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'overloaded',
    ],
    [
      'validation of something else',
      422,
      { detail: [{ loc: ['body', 'n'], msg: 'Input should be at most 1' }] },
      'invalid_request',
    ],
    [
      'a rate limit inside an answer',
      200,
      error('Rate limit reached, maximum context length', { code: 429 }),
      'rate_limit',
    ],
    [
      'an overload inside a stream',
      200,
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'overloaded',
    ],
    [
      'an upstream that is down inside an answer',
      200,
      error('Internal Server Error', { code: 500 }),
      'upstream',
    ],
  ])('%s (%i)', (_, status, body, kind) => {
    expect(openaiFault(answer(status, body))).toMatchObject({ kind })
  })

  test('a long wait is told, so that nobody waits for it in vain', () => {
    const text = 'Please retry after 86400 seconds.'
    expect(openaiFault(answer(429, error(text)))).toMatchObject({ retryAfterMs: 86_400_000 })
  })

  test.each([perMinute, 'Extra usage is required for long context requests.'])(
    'no wait makes room for what never fits: %s',
    (text) => {
      expect(openaiFault(answer(429, error(text)))).toMatchObject({
        code: 'request_too_large',
        retryAfterMs: 0,
      })
    },
  )
})
