import { expect, test } from 'vitest'
import { perplexityFault } from './fault.ts'

const of = (status: number, body: unknown, text = JSON.stringify(body)) =>
  perplexityFault({ status, headers: {}, body, text, inBand: status === 200 })

test.each<[number, object, object]>([
  [
    400,
    { error: { message: 'm', type: 'invalid_parameter', code: 400 } },
    { kind: 'invalid_request', code: null },
  ],
  [400, { error: { message: 'm', type: 'invalid_model', code: 400 } }, { kind: 'model_not_found' }],
  [200, { error: { message: 'm', type: 'invalid_model', code: 400 } }, { kind: 'model_not_found' }],
  [200, { error: { message: 'm', type: 'rate_limit_error', code: 429 } }, { kind: 'rate_limit' }],
  [200, { error: { message: 'm', code: '503' } }, { kind: 'overloaded' }],
  [429, { error: { message: 'You exceeded your current quota', code: 429 } }, { kind: 'quota_exhausted' }],
  [422, { detail: [{ loc: ['body', 'messages', 0, 'role'], msg: 'm' }] }, { param: 'messages[0].role' }],
  [422, { detail: [{ loc: ['query', 'limit'], msg: 'm' }] }, { param: 'query.limit' }],
  [422, { detail: [{ loc: 'body', msg: 'm' }] }, { param: null }],
  [422, { detail: 'm' }, { kind: 'invalid_request', message: 'm', param: null }],
])('%i %j is %j', (status, body, expected) => {
  expect(of(status, body)).toMatchObject(expected)
})

test('a page in the place of an error stays out of the message', () => {
  const page = '<html><head><title>401 Authorization Required</title></head><body>openresty</body></html>'
  expect(of(401, undefined, page)).toMatchObject({
    kind: 'authentication',
    message: 'the upstream refused the key (401)',
  })
  expect(of(502, undefined, page.replaceAll('401', '502')).message).not.toContain('<')
})
