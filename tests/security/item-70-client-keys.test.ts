import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  chat,
  type FakeUpstream,
  fakeUpstream,
  healthy,
  paths,
  provider,
  raw,
  send,
  startProxy,
} from '../reliability/support.ts'

const key = 'the-key-of-a-client'
const other = 'the-key-of-another'

async function gateway(more: object = {}) {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({
    providers: [provider('a', upstream.url)],
    api_keys: [key, other],
    ...more,
  })
  return { ...proxy, upstream }
}

function expectUnseen({ requests }: FakeUpstream) {
  for (const { rawHeaders, path, body } of requests) {
    const text = JSON.stringify(rawHeaders) + path + body.toString()
    expect(text).not.toContain(key)
    expect(text).not.toContain(other)
  }
}

const accepted: readonly Record<string, string>[] = [
  { authorization: `Bearer ${key}` },
  { authorization: `bearer ${key}` },
  { authorization: `BEARER   ${key}  ` },
  { 'x-api-key': key },
  { 'X-API-KEY': ` ${key} ` },
  { 'api-key': key },
  { 'x-own': key },
  { authorization: `Bearer ${key}`, 'api-key': key },
  { authorization: 'Bearer placeholder', 'x-api-key': key },
  { authorization: `Bearer ${key}`, 'x-api-key': 'placeholder' },
  { authorization: `Bearer ${key}`, 'x-api-key': other },
]

test.each(accepted)('%j is accepted, and goes no further', async (headers) => {
  const { url, upstream } = await gateway({ api_key_header: 'X-Own' })
  expect((await chat(url, {}, headers)).status).toBe(200)
  expect(upstream.requests).toHaveLength(1)
  expectUnseen(upstream)
})

const refused: readonly Record<string, string>[] = [
  {},
  { authorization: key },
  { authorization: `Basic ${Buffer.from(`x:${key}`).toString('base64')}` },
  { authorization: 'Bearer ' },
  { authorization: `Bearer ${key}x` },
  { authorization: `Bearer ${key.slice(0, -1)}` },
  { authorization: `Bearer ${key.toUpperCase()}` },
  { authorization: `Bearer ${key},${other}` },
  { authorization: 'Bearer placeholder', 'x-api-key': 'placeholder' },
  { 'x-api-key': `Bearer ${key}` },
  { 'x-other': key },
  { cookie: `key=${key}` },
]

test.each(refused)('%j is refused alike, before the body is read', async (headers) => {
  const { url, upstream } = await gateway()
  const { status, text, headers: answered } = await chat(url, {}, headers)
  expect(status).toBe(401)
  expect(answered['www-authenticate']).toBe('Bearer')
  expect(JSON.parse(text)).toMatchObject({ error: { type: 'authentication_error', code: 'invalid_api_key' } })
  expect(text).toBe((await chat(url, {}, { 'x-api-key': 'any' })).text)
  expect((await send(url, paths.chat, { headers, body: '{' })).status).toBe(401)
  expect(upstream.requests).toHaveLength(0)
})

test('a key in the query is no key', async () => {
  const { url } = await gateway()
  expect((await send(url, `${paths.chat}?api_key=${key}&key=${key}`, { body: '{}' })).status).toBe(401)
})

test('whatever stands in the headers of a key, the answer is 401 (or 431 above the size of headers), never a 5xx', async () => {
  const { url, requests } = await gateway()
  const odd = fc.oneof(
    fc.string({
      unit: fc.integer({ min: 32, max: 254 }).map((code) => String.fromCharCode(code === 127 ? 255 : code)),
    }),
    fc.constantFrom(
      "' OR 1=1 --",
      '"',
      '%00',
      '../../x',
      '${jndi:x}',
      '{{7*7}}',
      'x'.repeat(10_000),
      '[object Object]',
    ),
  )
  const name = fc.constantFrom('authorization', 'x-api-key', 'api-key')
  await fc.assert(
    fc.asyncProperty(name, fc.constantFrom('', 'Bearer '), odd, async (header, scheme, value) => {
      const { status } = await chat(url, {}, { [header]: scheme + value })
      expect(status).toBe(401)
    }),
    { numRuns: 100 },
  )
  expect((await chat(url, {}, { authorization: `Bearer ${'x'.repeat(100_000)}` })).status).toBe(431)
  const nul = await raw(
    url,
    `GET /v1/models HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer a\u0000b\r\n\r\n`,
  )
  expect(nul).toMatch(/^HTTP\/1\.1 400 /)
  expect(requests).toHaveLength(0)
})

test('two keys of the same long beginning are two callers', async () => {
  const prefix = 'p'.repeat(1024)
  const keys = [
    { key: `${prefix}1`, name: 'one' },
    { key: `${prefix}2`, name: 'two' },
  ]
  const { url, requests } = await gateway({ api_keys: keys })
  for (const each of [`${prefix}1`, `${prefix}2`])
    expect((await chat(url, {}, { 'x-api-key': each })).status).toBe(200)
  expect((await chat(url, {}, { 'x-api-key': prefix })).status).toBe(401)
  expect(requests.map(({ caller }) => caller)).toEqual(['one', 'two'])
})

test('limits count per key', async () => {
  const { url } = await gateway({ rate_limit_rpm: 1 })
  expect((await chat(url, {}, { 'x-api-key': key })).status).toBe(200)
  expect((await chat(url, {}, { authorization: `Bearer ${key}` })).status).toBe(429)
  expect((await chat(url, {}, { 'x-api-key': other })).status).toBe(200)
})
