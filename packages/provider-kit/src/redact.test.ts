import { describe, expect, test } from 'vitest'
import { redactKeys } from './redact.ts'

describe('redactKeys() removes', () => {
  test.each<[string, string]>([
    [
      'Incorrect API key provided: sk-abcd***wxyz. You can find your key',
      'Incorrect API key provided: [redacted]. You can find your key',
    ],
    [
      'Incorrect API key provided: sk-proj-********************************wxyz.',
      'Incorrect API key provided: [redacted].',
    ],
    [
      'Authentication Fails, Your api key: ****9f3c is invalid',
      'Authentication Fails, Your api key: [redacted] is invalid',
    ],
    ['Incorrect API key provided: ab***yz. You can', 'Incorrect API key provided: [redacted]. You can'],
    ['key sk-proj-AbC_123-def456GHI is wrong', 'key [redacted] is wrong'],
    ['Authorization: Bearer abcdef0123456789 refused', 'Authorization: Bearer [redacted] refused'],
    ['api_key=hunter2hunter2 refused', 'api_key=[redacted] refused'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl expired', 'token [redacted] expired'],
    ['key=AIzaSyA1234567890abcdefghijklmnop bad', 'key=[redacted] bad'],
    ['abcd-1f2e3d4c5b6a79881726354453627180 bad', '[redacted] bad'],
    ['key abcd1234...wxyz bad', 'key [redacted] bad'],
    // The first eight and the last four characters, the middle as long as it is.
    [
      `Incorrect API key provided: sk-abcd1${'*'.repeat(40)}wxyz. You can find your key`,
      'Incorrect API key provided: [redacted]. You can find your key',
    ],
    [
      `Incorrect API key provided: sk-proj-${'*'.repeat(156)}wxyz.`,
      'Incorrect API key provided: [redacted].',
    ],
    // The first and the last two.
    ['Incorrect API key provided: xa***56. You can', 'Incorrect API key provided: [redacted]. You can'],
    ['Incorrect API key provided: ba***na.', 'Incorrect API key provided: [redacted].'],
    // The same, percent-encoded.
    [
      'Incorrect%20API%20key%20provided:%20ba***na.%20You',
      'Incorrect%20API%20key%20provided:%20[redacted].%20You',
    ],
    ['key%3A%22sk-abcd1***wxyz%22', 'key%3A%22[redacted]%22'],
    // The last four.
    ['Your api key: ****56ab is invalid', 'Your api key: [redacted] is invalid'],
    ['key ...56ab and sk-...56ab', 'key ...56ab and [redacted]'],
    ['"sk-abcdefghijkl"', '"[redacted]"'],
  ])('%s', (text, expected) => {
    expect(redactKeys(text)).toBe(expected)
  })
})

describe('redactKeys() keeps', () => {
  test.each([
    'The model `gpt-4o-mini-2024-07-18` does not exist or you do not have access to it.',
    'Bearer authentication required',
    'You can find your API key at https://platform.host.test/account/api-keys.',
    'request req_011CSHoEeqs5C35K2UUqR7Fy failed',
    'Request too large for model-x in organization org-AbCdEfGhIjKlMnOpQrStUvWx on tokens per min (TPM): Limit 30000, Requested 34307.',
    'a task-based, risk-free answer ... and more',
    "Invalid value: 'medium'. Supported values are: 'low' and 'high'.",
    '',
  ])('%s', (text) => {
    expect(redactKeys(text)).toBe(text)
  })
})

// Without the first step each of these takes seconds.
test.each(['a', 'ab-', 'eyJaaaaaaaa', '**', 'sk-'])('an endless run of %j is removed as a whole', (part) => {
  expect(redactKeys(`no ${part.repeat(20_000)} here`)).toBe('no [redacted] here')
})
