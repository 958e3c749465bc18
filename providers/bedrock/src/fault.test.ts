import { expect, test } from 'vitest'
import { converseFault } from './fault.ts'

const mismatch = [
  'The request signature we calculated does not match the signature you provided.',
  '',
  'The Canonical String for this request should have been',
  "'POST",
  '/model/x/converse',
  'x-amz-date:20150830T123600Z',
  'x-amz-security-token:IQoJtest/session+token==',
].join('\n')
const incomplete =
  "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830"

test.each([
  ['InvalidSignatureException', mismatch],
  ['IncompleteSignatureException', incomplete],
  ['AccessDeniedException', mismatch],
])('%s does not show what was signed', (name, message) => {
  const headers = { 'x-amzn-errortype': `${name}:http://internal.amazon.com/` }
  const body = { message }
  const fault = converseFault({ status: 403, headers, body, text: JSON.stringify(body), inBand: false })
  expect(fault).toMatchObject({ kind: 'authentication', status: 403 })
  expect(fault?.message).toMatch(/^(?:The request signature|Authorization header requires)/)
  expect(fault?.message).not.toMatch(/IQoJ|session|AKID|canonical/i)
})
