import { expect, test } from 'vitest'
import {
  bodies,
  chat,
  fakeUpstream,
  healthy,
  paths,
  provider,
  raw,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

async function gateway(more: object = {}) {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { models: ['*'], ...more })] })
  return { ...proxy, upstream }
}

const injected = [
  'm\r\nx-injected: yes',
  'm\nx-injected: yes',
  'm\rx',
  'm\u0000x',
  'm\u2028x',
  'é😀',
  'm\u007f',
  'x'.repeat(65_536),
]

test.each(injected)('the model %j injects no header, here or upstream', async (model) => {
  const { url, upstream } = await gateway()
  const { status, headers } = await chat(url, { model })
  expect(status).toBeLessThan(500)
  expect(headers['x-injected']).toBeUndefined()
  expect(String(headers['x-llmproxy-model'] ?? '')).toMatch(/^[\x20-\x7e]*$/)
  expect(upstream.requests.flatMap(({ rawHeaders }) => rawHeaders).join('')).not.toContain('x-injected')
})

test.each(['a b', 'a\tb', 'a;b', 'é', '', 'x'.repeat(129), '../x', '<script>', "'--", '%0d%0a'])(
  'the request id %j is replaced',
  async (id) => {
    const { url, requests } = await gateway()
    const { headers } = await chat(url, {}, { 'x-request-id': Buffer.from(id).toString('latin1') })
    expect(headers['x-request-id']).toMatch(/^req_[0-9a-f-]{36}$/)
    expect(requests[0]).toMatchObject({ request_id: headers['x-request-id'] })
  },
)

test.each(['a', 'A-z_0.9', 'x'.repeat(128)])('the request id %j is kept', async (id) => {
  const { url } = await gateway()
  expect((await chat(url, {}, { 'x-request-id': id })).headers['x-request-id']).toBe(id)
})

test('two request ids are not one', async () => {
  const { url } = await gateway()
  const body = JSON.stringify(bodies.chat)
  const answer = await raw(
    url,
    `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\nx-request-id: one\r\nx-request-id: two\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
  expect(answer).toMatch(/\r\nx-request-id: req_[0-9a-f-]{36}\r\n/)
})

test('names of dropped fields stay within one header', async () => {
  const upstream = await fakeUpstream(healthy())
  const vendor = { name: 'b', type: 'anthropic', base_url: upstream.url, api_key: 'k', models: ['m'] }
  const proxy = await startProxy({ providers: [vendor] })
  const odd = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`x\r\nx-injected${n}: é`, 1]))
  const { status, headers } = await chat(proxy.url, {
    ...odd,
    logit_bias: { '1': 1 },
    ['x'.repeat(65_536)]: 1,
  })
  expect(status).toBe(200)
  expect(Object.keys(headers).filter((name) => name.includes('injected'))).toEqual([])
  expect(String(headers['x-llmproxy-dropped'] ?? '').length).toBeLessThan(4096)
})

test("an upstream's values are one line of ASCII when they are passed on", async () => {
  const upstream = await fakeUpstream((_request, response) =>
    sendJson(
      response,
      429,
      { error: { message: 'slow\r\nx-injected: yes', type: 'a\r\nb', code: 'c\r\nd' } },
      {
        'x-ratelimit-remaining-tokens': 'é\u00ff<script>',
        'retry-after': '5, 6',
      },
    ),
  )
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { max_retries: 0 })] })
  const { status, headers, text } = await chat(proxy.url)
  expect(status).toBe(429)
  expect(headers['x-injected']).toBeUndefined()
  expect(JSON.stringify(headers)).toMatch(/^[\x20-\x7e]*$/)
  expect(() => JSON.parse(text) as unknown).not.toThrow()
})

test('paths, methods and hosts of refused requests come back harmless', async () => {
  const { url } = await gateway()
  for (const target of [
    '/<script>alert(1)</script>',
    `/${'x'.repeat(8000)}`,
    '/%0d%0ax-injected:%20yes',
    '/é',
    '/%ff%fe',
  ]) {
    const answer = await raw(
      url,
      Buffer.from(`GET ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`, 'utf8'),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(answer).toMatch(/\r\ncontent-type: application\/json/)
    expect(answer).not.toMatch(/\r\nx-injected/)
  }
})
