import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { chat, errorOf, raw, serve } from '../test/serve.ts'
import { fakeGateway, openSettings } from '../test/fake-gateway.ts'
import { buildApp, type ServerPhase } from './app.ts'
import { operationPaths, withoutVersion } from './route-table.ts'

describe('routes', () => {
  const paths = Object.entries(operationPaths).flatMap(([operation, path]) =>
    withoutVersion(path).map((url) => [url, operation]),
  )
  test.each(paths)('POST %s is the operation %s', async (path, operation) => {
    const { post, gateway } = await serve()
    const body = { model: 'json', messages: [{ role: 'user', content: 'x' }], prompt: 'x', input: 'x' }
    const sent = operation === 'chat' ? chat : body
    expect((await post(path, sent)).status).toBe(200)
    expect(gateway.seen[0]).toMatchObject({ operation, caller: 'anonymous', body: { model: 'json' } })
  })

  test.each(['/v1/models', '/models', '/providers', '/metrics', '/health', '/v1/models/json'])(
    'GET %s answers JSON that no cache keeps, and so does HEAD, without the body',
    async (path) => {
      const { get, url } = await serve()
      const response = await get(path)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
      expect(response.headers.get('cache-control')).toBe('private, no-store')
      const head = await fetch(url + path, { method: 'HEAD' })
      expect([head.status, await head.text()]).toEqual([200, ''])
    },
  )

  test.each(['/v1/models/vendor/some-model', '/v1/models/vendor%2Fsome-model', '/models/vendor/some-model'])(
    'a model id may contain slashes: %s',
    async (path) => {
      const { get } = await serve()
      expect(await (await get(path)).json()).toMatchObject({ id: 'vendor/some-model' })
    },
  )

  test('an unknown model is 404 model_not_found', async () => {
    const { get } = await serve()
    const response = await get('/v1/models/nothing')
    expect(response.status).toBe(404)
    expect(await errorOf(response)).toMatchObject({ code: 'model_not_found', param: 'model' })
  })

  test.each([
    ['text/plain', 'text/plain; version=0.0.4; charset=utf-8'],
    [
      'application/openmetrics-text; version=1.0.0, text/plain;q=0.5',
      'application/openmetrics-text; version=1.0.0; charset=utf-8',
    ],
  ])('GET /metrics with Accept: %s answers text for Prometheus', async (accept, type) => {
    const { get } = await serve()
    const response = await get('/metrics', { accept })
    expect(response.headers.get('content-type')).toBe(type)
    expect(await response.text()).toContain('# TYPE')
  })

  test('GET /health is 503 when no provider is usable, and 200 when some are', async () => {
    const { get, gateway } = await serve()
    gateway.status = 'degraded'
    expect((await get('/health')).status).toBe(200)
    gateway.status = 'unhealthy'
    expect((await get('/health')).status).toBe(503)
  })

  test('GET /readyz is 503 before the gateway is ready and while the server closes', async () => {
    let phase: ServerPhase = 'serving'
    const { get, gateway } = await serve({ phase: () => phase })
    expect((await get('/readyz')).status).toBe(200)
    gateway.isReady = false
    expect((await get('/readyz')).status).toBe(503)
    gateway.isReady = true
    phase = 'unready'
    const response = await get('/readyz')
    expect([response.status, response.headers.get('connection')]).toEqual([503, 'close'])
    expect((await get('/livez')).status).toBe(200)
  })
})

describe('what is not offered', () => {
  test.each([
    ['/v1/responses', 'POST /v1/chat/completions'],
    ['/v1/v1/chat/completions', '/v1 twice'],
    ['/nowhere', 'GET /v1/models'],
  ])('POST %s is 404 with a hint', async (path, hint) => {
    const { post } = await serve()
    const response = await post(path, { model: 'json', input: 'x' })
    expect(response.status).toBe(404)
    const error = await errorOf(response)
    expect(error).toMatchObject({ type: 'invalid_request_error', code: 'unknown_url' })
    expect(error['message']).toContain(hint)
  })

  test('what is missing below /v1/messages is told in the format of its clients', async () => {
    const { post } = await serve()
    const response = await post('/v1/messages/count_tokens', { model: 'json' })
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: { type: 'not_found_error', message: expect.stringContaining('counting tokens') },
      request_id: response.headers.get('x-request-id'),
    })
  })

  test.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['DELETE', '/embeddings/', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['PUT', '/v1/models/a/b', 'GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
  ])('%s %s is 405 and says what the path takes', async (method, path, allow) => {
    const { url } = await serve()
    const response = await fetch(url + path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(`${allow}, OPTIONS`)
    expect(await errorOf(response)).toMatchObject({ code: 'method_not_allowed' })
  })
})

describe('bodies', () => {
  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'APPLICATION/JSON',
    'application/vnd.api+json',
  ])('the type %s is read', async (type) => {
    const { post } = await serve()
    expect((await post('/v1/chat/completions', chat, { 'content-type': type })).status).toBe(200)
  })

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
    'application/json\tx',
    'application/json garbage',
    'application/jsonx',
    'json',
  ])('the type %j is 415', async (type) => {
    const { post, gateway } = await serve()
    const response = await post('/v1/chat/completions', chat, { 'content-type': type })
    expect(response.status).toBe(415)
    expect(await errorOf(response)).toMatchObject({
      type: 'invalid_request_error',
      code: 'unsupported_media_type',
    })
    expect(gateway.seen).toEqual([])
  })

  test('a compressed body is 415', async () => {
    const { post } = await serve()
    const response = await post('/v1/chat/completions', chat, { 'content-encoding': 'gzip' })
    expect(response.status).toBe(415)
    expect((await errorOf(response))['message']).toContain('uncompressed')
  })

  test('a body of exactly the limit is read, one byte more is 413', async () => {
    const { post } = await serve({ body_limit: 4096 })
    const body = JSON.stringify(chat)
    expect((await post('/v1/chat/completions', body + ' '.repeat(4096 - body.length))).status).toBe(200)
    const response = await post('/v1/chat/completions', body + ' '.repeat(4097 - body.length))
    expect(response.status).toBe(413)
    expect(await errorOf(response)).toMatchObject({ code: 'request_too_large' })
  })

  test.each([
    ['too large', 'application/json', 413],
    ['of a wrong type', 'multipart/form-data; boundary=x', 415],
  ])(
    'a client that sends all of a body %s before it reads gets the error, and may go on',
    async (_name, type, status) => {
      const { port } = await serve({ body_limit: 1000 })
      const socket = connect(port, '127.0.0.1')
      const size = 8 * 1024 * 1024
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${size}\r\n\r\n`,
      )
      await new Promise((resolve) => socket.write(Buffer.alloc(size, 0x20), resolve))
      const answer = raw(socket, 'GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
      expect((await answer).match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`, 'HTTP/1.1 200'])
    },
  )

  test('a chunked body that grows above the limit is 413', async () => {
    const { port } = await serve({ body_limit: 100 })
    const head =
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n'
    const answer = await raw(
      port,
      `${head}${'40\r\n' + 'x'.repeat(64) + '\r\n'}${'40\r\n' + 'x'.repeat(64) + '\r\n'}0\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  test.each(['', '{"model":', '[]', 'null', '"text"'])('the body %j is 400', async (body) => {
    const { post } = await serve()
    const response = await post('/v1/chat/completions', body)
    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ type: 'invalid_request_error' })
  })
})

describe('what is not HTTP', () => {
  test.each([
    ['garbage', 'garbage\r\n\r\n', 400],
    ['headers above 16 KB', `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    [
      'two different lengths',
      'POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx',
      400,
    ],
    [
      'length and chunks',
      'POST /v1/embeddings HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
  ])('%s is answered in the envelope', async (_name, bytes, status) => {
    const { port } = await serve()
    const answer = await raw(port, bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toContain('{"error":{"message":')
  })
})

test('slow and idle connections are limited', () => {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
  const { server } = buildApp(fakeGateway(), { settings: openSettings, log })
  expect(server).toMatchObject({
    headersTimeout: 20_000,
    requestTimeout: 120_000,
    keepAliveTimeout: 80_000,
    timeout: 0,
  })
})

test('an error that nobody expected is 500 without a word of it, and is logged', async () => {
  const { get, gateway, log } = await serve()
  gateway.models = () => {
    throw new Error('canary-of-the-inside')
  }
  const response = await get('/v1/models')
  expect(response.status).toBe(500)
  const text = await response.text()
  expect(text).toContain('"type":"server_error"')
  expect(text).not.toContain('canary')
  expect(log.find((line) => line.level === 'error')?.['error']).toMatchObject({
    message: 'canary-of-the-inside',
  })
})

test('one log line for each request that reached the gateway, without its text', async () => {
  const { post, get, log } = await serve({ api_keys: ['canary-client-key'] })
  const key = { 'x-api-key': 'canary-client-key' }
  const body = { ...chat, messages: [{ role: 'user', content: 'canary-prompt' }] }
  await (await post('/v1/chat/completions', { ...body, model: 'stream' }, key)).text()
  await (await post('/v1/chat/completions', body, key)).text()
  await get('/v1/models', key)
  await post('/v1/chat/completions', '{"canary-prompt', key)
  expect(log.map(({ level, message }) => [level, message])).toEqual([
    ['info', 'request'],
    ['info', 'request'],
    ['debug', 'answered'],
    ['info', 'refused'],
  ])
  expect(log[0]).toMatchObject({
    operation: 'chat',
    model: 'stream',
    provider: 'fake',
    status: 200,
    ending: 'complete',
    duration_ms: 1.23,
  })
  expect(JSON.stringify(log)).not.toContain('canary')
})
