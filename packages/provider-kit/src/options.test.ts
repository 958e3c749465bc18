import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { AuthorizeIo, PreparedRequest } from './contract.ts'
import { apiKey, baseUrl, bearer, keyHeader } from './options.ts'
import { Secret } from './secret.ts'

const schema = z.strictObject({ api_key: apiKey(), base_url: baseUrl('https://host.test/v1') })
const request = {} as PreparedRequest
const io = {} as AuthorizeIo

describe('apiKey()', () => {
  test('accepts text and secrets, trims, and gives a secret', () => {
    for (const api_key of ['  key-1\n', new Secret('key-1')]) {
      const { api_key: secret } = schema.parse({ api_key })
      expect(Secret.is(secret)).toBe(true)
      expect(secret.reveal()).toBe('key-1')
    }
  })

  test.each<[string, unknown, RegExp]>([
    ['missing', undefined, /required/],
    ['empty', '', /empty/],
    ['blank', '   ', /empty/],
    ['a number', 12345678, /put quotes around it/],
    ['broken over two lines', 'sk-abcdefgh\nijklmnop', /line break/],
    ['with a control character', 'sk-abcdefgh\u0007', /control character/],
    ['with a typographic dash', 'sk–abcdefgh', /outside ASCII/],
  ])('refuses a key that is %s at the path api_key, without showing it', (_, api_key, message) => {
    const result = schema.safeParse(api_key === undefined ? {} : { api_key })
    expect(result.error?.issues.map((issue) => issue.path)).toEqual([['api_key']])
    expect(result.error?.issues[0]?.message).toMatch(message)
    expect(inspect(result.error, { depth: 9 })).not.toContain('abcdefgh')
  })

  test('may be optional', () => {
    expect(z.strictObject({ api_key: apiKey().optional() }).parse({})).toEqual({})
  })

  test('has a JSON Schema that does not require what the environment provides', () => {
    const json = z.toJSONSchema(schema, { io: 'input' })
    expect(json.properties).toMatchObject({
      api_key: { type: 'string' },
      base_url: { default: 'https://host.test/v1' },
    })
    expect(json.required ?? []).toEqual([])
  })
})

describe('baseUrl()', () => {
  test.each<[string, string]>([
    ['https://host.test/v1/', 'https://host.test/v1'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    [' https://host.test// ', 'https://host.test'],
  ])('reads %j as %j', (from, to) => {
    expect(baseUrl().parse(from)).toBe(to)
  })

  test('has a default where one is given, and is required otherwise', () => {
    expect(schema.parse({ api_key: 'k' }).base_url).toBe('https://host.test/v1')
    expect(z.strictObject({ base_url: baseUrl() }).safeParse({}).error?.issues[0]).toMatchObject({
      path: ['base_url'],
      message: 'a URL is required, such as https://host.example',
    })
  })

  test.each<[unknown, RegExp]>([
    ['host.test/v1', /http:\/\//],
    ['ftp://host.test', /http:\/\//],
    ['file:///etc/passwd', /http:\/\//],
    ['https:host.test', /http:\/\//],
    ['', /http:\/\//],
    [8080, /string/],
    ['https://user:hunter2@host.test', /user name or password/],
    ['https://hunter2@host.test', /user name or password/],
    ['https://@host.test', /user name or password/],
    ['https://host.test\\@hunter2.test/v1', /backslash/],
    ['https://host.test\\v1', /backslash/],
    ['https:\\\\host.test', /http:\/\//],
    ['https://ho\tst.test', /white space/],
    ['https://host.test/v1\u0007', /control character/],
    ['https://host.test/a b', /white space/],
    ['https://host.test/v1?key=hunter2', /query/],
    ['https://host.test/v1#hunter2', /fragment/],
    ['https://host.test/v1?', /query/],
    ['https://host.test/v1/chat/completions/', /must end before \/chat\/completions/],
  ])('refuses %j', (value, message) => {
    const { error } = baseUrl().safeParse(value)
    expect(error?.issues).toHaveLength(1)
    expect(error?.issues[0]?.message).toMatch(message)
    expect(inspect(error)).not.toContain('hunter2')
  })
})

describe('authorize', () => {
  test('bearer() sends the key, or nothing without one', async () => {
    expect(await bearer(new Secret('k'))(request, io)).toEqual({ authorization: 'Bearer k' })
    expect(await bearer(undefined)(request, io)).toEqual({})
  })

  test('keyHeader() sends the key in a header of its own, in lower case', async () => {
    expect(await keyHeader('X-API-Key', new Secret('k'))(request, io)).toEqual({ 'x-api-key': 'k' })
    expect(await keyHeader('X-API-Key', undefined)(request, io)).toEqual({})
  })

  test('hides the key inside a closure', () => {
    expect(inspect(bearer(new Secret('hunter2')), { depth: 9, showHidden: true })).not.toContain('hunter2')
  })
})
