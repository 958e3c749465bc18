import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ask, fakeUpstream, provider, send, startProxy } from './support.ts'

const page = `<!DOCTYPE html><html><head><title>524: A timeout occurred</title><style>x{}</style></head><body><h1>Bad gateway</h1><script>alert(1)</script>${'<p>filler</p>'.repeat(2000)}</body></html>`
const nested = JSON.stringify({
  error: { message: JSON.stringify({ error: { message: 'the innermost text', type: 'x' } }) },
})

/** What stands in front of vendors sends all of these: bytes, and the headers that announce them. */
const odd: Readonly<Record<string, readonly [Buffer | string, Record<string, string>]>> = {
  'an HTML page': [page, { 'content-type': 'text/html' }],
  'HTML that claims to be JSON': [page, { 'content-type': 'application/json' }],
  nothing: ['', { 'content-type': 'application/json' }],
  'nothing, without a type': ['', {}],
  'gzip of JSON': [gzipSync('{"error":{"message":"zipped","type":"x"}}'), { 'content-encoding': 'gzip' }],
  'gzip of HTML': [gzipSync(page), { 'content-encoding': 'gzip', 'content-type': 'text/html' }],
  'deflate of JSON': [deflateSync('{"error":{"message":"zipped"}}'), { 'content-encoding': 'deflate' }],
  'what claims to be gzip': ['{"error":{"message":"plain"}}', { 'content-encoding': 'gzip' }],
  'cut gzip': [gzipSync(page).subarray(0, 60), { 'content-encoding': 'gzip' }],
  'truncated JSON': ['{"error":{"message":"half a', { 'content-type': 'application/json' }],
  'nested JSON in a string': [nested, { 'content-type': 'application/json' }],
  'an error that is a string': ['{"error":"just text"}', { 'content-type': 'application/json' }],
  'an error with a numeric code': [
    '{"error":{"message":"x","code":400}}',
    { 'content-type': 'application/json' },
  ],
  'a list': ['[{"error":{"message":"in a list"}}]', { 'content-type': 'application/json' }],
  null: ['null', { 'content-type': 'application/json' }],
  'a number': ['5', { 'content-type': 'application/json' }],
  SSE: ['data: {"error":{"message":"in a frame"}}\n\n', { 'content-type': 'text/event-stream' }],
  bytes: [
    Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)),
    { 'content-type': 'application/octet-stream' },
  ],
  'a megabyte of text': ['y'.repeat(1_000_000), { 'content-type': 'text/plain' }],
}

const statuses = [400, 401, 403, 404, 413, 418, 422, 429, 500, 502, 503, 524, 529]

function expectEnvelope(text: string) {
  const body = JSON.parse(text) as { error: Record<string, unknown> }
  expect(Object.keys(body.error)).toEqual(expect.arrayContaining(['message', 'type', 'param', 'code']))
  const { message, type, param, code } = body.error
  expect(typeof message).toBe('string')
  expect(message).not.toBe('')
  expect(message).not.toMatch(/<\/?[a-z]+>|\\"/)
  expect(typeof type).toBe('string')
  for (const value of [param, code]) expect(value === null || typeof value === 'string').toBe(true)
  expect(text.length).toBeLessThan(3000)
}

describe.each(Object.keys(odd))('%s', (name) => {
  const [bytes, headers] = odd[name]!

  test.each([
    ['plain', {}],
    ['streamed', { stream: true }],
  ])('%s requests get an envelope as JSON, whatever the status', async (_, more) => {
    let status = 0
    const upstream = await fakeUpstream((_request, response) => {
      response.writeHead(status, headers).end(bytes)
    })
    const providers = [provider('a', upstream.url, { max_retries: 0, circuit_breaker_threshold: 1000 })]
    const proxy = await startProxy({ providers })
    for (status of statuses) {
      const reply = await ask(proxy.url, 'chat', more)
      expect(reply.headers['content-type']).toMatch(/^application\/json/)
      expect(reply.headers['content-encoding']).toBeUndefined()
      expect(reply.status).toBeGreaterThanOrEqual(status >= 500 ? 500 : 400)
      expectEnvelope(reply.text)
    }
  })
})

test('a good body that arrives compressed is read all the same', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    const body = gzipSync('{"object":"chat.completion","choices":[]}')
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const reply = await ask(proxy.url, 'chat')
  expect(reply.status).toBe(200)
  expect(reply.headers['content-encoding']).toBeUndefined()
  expect(Number(reply.headers['content-length'])).toBe(reply.bytes.length)
  expect(JSON.parse(reply.text)).toMatchObject({ object: 'chat.completion' })
  expect(upstream.requests[0]?.headers['accept-encoding']).toBe('identity')
})

test.each(['an HTML page', 'nothing', 'truncated JSON', 'bytes'])(
  'status 200 with %s is a bad gateway, for whole answers and streams',
  async (name) => {
    const upstream = await fakeUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(odd[name]![0])
    })
    const proxy = await startProxy({
      providers: [provider('a', upstream.url, { max_retries: 0, circuit_breaker_threshold: 9 })],
    })
    for (const more of [{}, { stream: true }]) {
      const reply = await ask(proxy.url, 'chat', more)
      expect(reply.status).toBe(502)
      expectEnvelope(reply.text)
    }
  },
)

test("the innermost text is the client's, and a mistake in its own dialect keeps every byte", async () => {
  const own =
    '{ "error": {"message":"prompt is too odd","type":"invalid_request_error","param":"x.y","code":null,"extra":1.0} }'
  let body = nested
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end(body)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const inner = await ask(proxy.url, 'chat')
  expect(JSON.parse(inner.text)).toMatchObject({ error: { message: 'the innermost text' } })
  body = own
  expect((await ask(proxy.url, 'chat')).text).toBe(own)
})

test('Messages clients get the error body of their own dialect untouched', async () => {
  const own =
    '{"type":"error", "error":{"type":"invalid_request_error","message":"messages.0: odd \\u00e9"},"request_id":"req_1"}'
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/json' }).end(own)
  })
  const first = { name: 'a', type: 'anthropic', base_url: upstream.url, api_key: 'k', models: ['m'] }
  const proxy = await startProxy({ providers: [first] })
  const asked = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] }
  const { status, text } = await send(proxy.url, '/v1/messages', { body: asked })
  expect(status).toBe(400)
  expect(text).toBe(own)
})
