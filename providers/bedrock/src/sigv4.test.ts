import { inspect } from 'node:util'
import { Secret } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { authorization, signedHeaders } from './sigv4.ts'

/** The credentials, the time and the host of the published examples. */
const key = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: new Secret('wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'),
  region: 'us-east-1',
  service: 'service',
}
const date = '20150830T123600Z'
const host = 'https://example.amazonaws.com'
const body = new Uint8Array()

const signature = (text: string) => /Signature=(\w+)$/.exec(text)?.[1]

test.each([
  ['get-vanilla', 'GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  ['post-vanilla', 'POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  [
    'get-vanilla-query-order-key-case',
    'GET',
    '/?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
])('the published example %s has its published signature', (_, method, path, expected) => {
  const text = authorization({ method, url: host + path, headers: { 'x-amz-date': date }, body }, key)
  expect(signature(text)).toBe(expected)
  expect(text).toContain(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, ',
  )
})

test('the published example post-x-www-form-urlencoded, with a body and its type', () => {
  const headers = { 'x-amz-date': date, 'content-type': 'application/x-www-form-urlencoded' }
  const request = { method: 'POST', url: `${host}/`, headers, body: Buffer.from('Param1=value1') }
  const text = authorization(request, key)
  expect(text).toContain('SignedHeaders=content-type;host;x-amz-date, ')
  expect(signature(text)).toBe('ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a')
})

test('what is encoded in the URL is encoded once more in what is signed', () => {
  const sign = (path: string) =>
    authorization({ method: 'POST', url: host + path, headers: { 'x-amz-date': date }, body }, key)
  const texts = ['/model/a%3A0/converse', '/model/a:0/converse', '/model/a%253A0/converse'].map(sign)
  expect(new Set(texts).size).toBe(3)
})

test('a request gets its time, its digest and the token of a temporary key, all of them signed', () => {
  const temporary = { ...key, sessionToken: new Secret('test-session') }
  const request = { method: 'POST', url: `${host}/`, headers: { 'content-type': 'application/json' }, body }
  const headers = signedHeaders(request, temporary, Date.UTC(2015, 7, 30, 12, 36, 0, 789))
  expect(headers).toMatchObject({
    'x-amz-date': date,
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'x-amz-security-token': 'test-session',
  })
  expect(headers['authorization']).toContain(
    'SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token',
  )
  expect(signedHeaders(request, key, 0)).not.toHaveProperty('x-amz-security-token')
  expect(inspect(temporary, { depth: 9 })).not.toContain('EXAMPLEKEY')
})
