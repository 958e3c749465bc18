import { describe, expect, test } from 'vitest'
import type { HeaderMap } from './contract.ts'
import { goDuration, headersInBody, retryHint } from './retry-hint.ts'

const now = Date.parse('2026-03-01T12:00:00Z')

describe('goDuration()', () => {
  test.each<[string, number | undefined]>([
    ['20ms', 20],
    ['7.66s', 7660],
    ['6m0s', 360_000],
    ['2m59.56s', 179_560],
    ['1h2m3s', 3_723_000],
    ['500µs', 0.5],
    ['0s', 0],
    ['', undefined],
    ['12', undefined],
    ['-1s', undefined],
    ['1 s', undefined],
    ['soon', undefined],
  ])('%j is %j', (text, milliseconds) => {
    expect(rounded(goDuration(text))).toBe(milliseconds)
  })
})

describe('retryHint()', () => {
  test.each<[string, HeaderMap, string, number | undefined]>([
    ['nothing', {}, '', undefined],
    ['retry-after-ms', { 'retry-after-ms': '1234.5', 'retry-after': '9' }, 'try again in 1s', 1234.5],
    ['seconds', { 'retry-after': '7' }, 'Please try again in 84ms', 7000],
    ['a fraction', { 'retry-after': ' 0.25 ' }, '', 250],
    ['zero', { 'retry-after': '0' }, '', 0],
    ['a huge value', { 'retry-after': '86400' }, '', 86_400_000],
    ['an HTTP date', { 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT' }, '', 30_000],
    ['an HTTP date in the past', { 'retry-after': 'Sun, 01 Mar 2026 11:00:00 GMT' }, '', 0],
    [
      'an HTTP date by the clock of the upstream',
      { 'retry-after': 'Sun, 01 Mar 2026 13:00:05 GMT', date: 'Sun, 01 Mar 2026 13:00:00 GMT' },
      '',
      5000,
    ],
    ['a negative value', { 'retry-after': '-5' }, 'Please try again in 84ms', 84],
    ['nonsense', { 'retry-after': 'later' }, '', undefined],
    ['text in seconds', {}, 'Rate limit reached. Please try again in 1.146s. Visit …', 1146],
    ['text in milliseconds', {}, 'Please try again in 84ms.', 84],
    ['text in minutes', {}, 'Please try again in 6m0s.', 360_000],
    ['text in words', {}, 'Please retry after 21 seconds.', 21_000],
    ['text with one second', {}, 'Please try again in 1 second', 1000],
    ['text with minutes in words', {}, 'try again in 2 minutes', 120_000],
    ['a retry detail', {}, '{"details":[{"retryDelay":"34.4s"}]}', 34_400],
    ['an escaped retry detail', {}, '{"raw":"{\\"retryDelay\\": \\"3s\\"}"}', 3000],
    [
      'the reset of what has run out',
      {
        'x-ratelimit-remaining-requests': '12',
        'x-ratelimit-reset-requests': '6m0s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '7.66s',
      },
      '',
      7660,
    ],
    [
      'a reset of what is left',
      { 'x-ratelimit-remaining-requests': '3', 'x-ratelimit-reset-requests': '1s' },
      '',
      undefined,
    ],
    ['a reset in epoch milliseconds', { 'x-ratelimit-reset': String(now + 90_500) }, '', 90_500],
    ['a reset in epoch seconds', { 'x-ratelimit-reset': String(now / 1000 + 90) }, '', 90_000],
    ['a reset in RFC 3339', { 'x-ratelimit-reset': '2026-03-01T12:00:07Z' }, '', 7000],
    ['a reset that has passed', { 'x-ratelimit-reset': String(now - 5) }, '', 0],
    [
      'a reset by the clock of the upstream',
      { 'x-ratelimit-reset': '1772370005000', date: 'Sun, 01 Mar 2026 13:00:00 GMT' },
      '',
      5000,
    ],
    [
      'a reset of what has run out, as a date',
      { 'x-ratelimit-remaining-tokens': '0', 'x-ratelimit-reset-tokens': '2026-03-01T12:00:30.5Z' },
      '',
      30_500,
    ],
    [
      'a reset without a unit of what is left',
      { 'x-ratelimit-remaining': '3', 'x-ratelimit-reset': String(now + 1000) },
      '',
      undefined,
    ],
    [
      'a reset behind the name of its limit',
      { 'v-ratelimit-requests-remaining': '0', 'v-ratelimit-requests-reset': '2026-03-01T12:00:09Z' },
      '',
      9000,
    ],
    [
      'the reset of one of several limits, behind their names',
      {
        'v-ratelimit-input-tokens-remaining': '0',
        'v-ratelimit-input-tokens-reset': '2026-03-01T12:00:20Z',
        'v-ratelimit-output-tokens-remaining': '1000',
        'v-ratelimit-output-tokens-reset': '2026-03-01T13:00:00Z',
      },
      '',
      20_000,
    ],
    [
      'the later of two resets',
      {
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '1h2m3s',
        'x-ratelimit-remaining-tokens': '0',
        'x-ratelimit-reset-tokens': '20ms',
      },
      '',
      3_723_000,
    ],
    [
      'the reset of a limit with a longer name',
      { 'x-ratelimit-remaining-project-tokens': '0', 'x-ratelimit-reset-project-tokens': '2m59.56s' },
      '',
      179_560,
    ],
    [
      'resets behind a name without what is left',
      { 'v-ratelimit-requests-reset': '2026-03-01T12:00:09Z', 'v-ratelimit-requests-limit': '50' },
      '',
      undefined,
    ],
    ['a text in capitals', {}, 'Please Retry After 86400 Seconds.', 86_400_000],
    ['a text in hours', {}, 'try again in 1h2m3s', 3_723_000],
    ['a retry detail without a fraction', {}, '{"retryDelay":"34s"}', 34_000],
    ['a reset that may be anything', { 'x-ratelimit-reset': '17' }, '', undefined],
    ['a text before a reset', { 'x-ratelimit-reset': String(now + 9000) }, 'try again in 84ms', 84],
  ])('reads %s', (_, headers, text, expected) => {
    expect(rounded(retryHint(headers, text, now))).toBe(expected)
  })

  test('leaves a date alone when no clock is known', () => {
    expect(retryHint({ 'retry-after': 'Sun, 01 Mar 2026 12:00:30 GMT' }, '')).toBeUndefined()
  })
})

describe('headersInBody()', () => {
  test('reads the headers that a gateway quotes', () => {
    const headers = {
      'X-RateLimit-Limit': 50,
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': String(now + 500),
    }
    const quoted = headersInBody({ error: { code: 429, metadata: { headers: { ...headers, odd: null } } } })
    expect(quoted).toEqual({
      'x-ratelimit-limit': '50',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': String(now + 500),
    })
    expect(retryHint(quoted, '', now)).toBe(500)
  })

  test.each([
    undefined,
    null,
    'text',
    [],
    {},
    { error: 'x' },
    { error: { metadata: null } },
    { error: { metadata: { headers: [] } } },
  ])('finds none in %j', (body) => {
    expect(headersInBody(body)).toEqual({})
  })
})

/** Decimal fractions of seconds are not exact in binary. */
function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1000) / 1000
}
