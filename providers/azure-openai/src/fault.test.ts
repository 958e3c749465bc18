import { describe, expect, test } from 'vitest'
import { azureFault } from './fault.ts'

function faultOf(status: number, body: unknown, inBand = false) {
  return azureFault({ status, headers: {}, body, text: JSON.stringify(body) ?? '<html></html>', inBand })
}

describe('a 404', () => {
  test.each<[string, unknown]>([
    ['a wrong path', { error: { code: '404', message: 'Resource not found' } }],
    ['the management layer', { statusCode: 404, message: 'Resource not found' }],
    ['a page', undefined],
    ['nothing at all', null],
  ])('of %s is a mistake of the configuration, not an unknown model', (_, body) => {
    const fault = faultOf(404, body)
    expect(fault).toMatchObject({ kind: 'bad_response', code: null, status: 404 })
    expect(fault.message).toContain('check base_url, api and api_version')
  })

  test.each(['DeploymentNotFound', 'model_not_found'])('with the code %s is an unknown model', (code) => {
    expect(faultOf(404, { error: { code, message: 'm' } })).toMatchObject({ kind: 'model_not_found', code })
  })
})

test.each([
  [401, 'authentication'],
  [403, 'authentication'],
  [408, 'timeout'],
  [429, 'rate_limit'],
  [500, 'upstream'],
  [503, 'overloaded'],
] as const)('the status %i as the code of an error is a status, not a code', (status, kind) => {
  const body = { error: { code: String(status), message: 'm' } }
  expect(faultOf(status, body)).toMatchObject({ kind, code: null, status })
})

test('a day of waiting is a request that never fits; another long wait is a wait', () => {
  const body = (seconds: number) => ({
    error: { code: '429', message: `Please retry after ${seconds} seconds.` },
  })
  expect(faultOf(429, body(86_400))).toMatchObject({ kind: 'quota_exhausted', retryAfterMs: 0 })
  expect(faultOf(429, body(86_000))).toMatchObject({ kind: 'rate_limit', retryAfterMs: 86_000_000 })
})

test('an argument that the version does not know is named', () => {
  const body = (param: string | null) => ({
    error: { message: 'Unrecognized request argument supplied: seed', param, code: null },
  })
  expect(faultOf(400, body(null))).toMatchObject({ kind: 'invalid_request', param: 'seed' })
  expect(faultOf(400, body('tools'))).toMatchObject({ param: 'tools' })
})

test('an error inside a 2xx is OpenAI’s', () => {
  const body = { error: { message: 'm', code: 'content_filter', type: null } }
  expect(faultOf(200, body, true)).toMatchObject({ kind: 'content_filter' })
})

test('no key is repeated', () => {
  const message = 'Access denied due to invalid api-key: test-key-0123456789abcdef.'
  expect(faultOf(401, { error: { code: '401', message } }).message).not.toContain('0123456789')
})
