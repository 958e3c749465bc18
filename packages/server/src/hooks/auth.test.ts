import { describe, expect, test } from 'vitest'
import { Secret } from '@llmproxy/provider-kit'
import { fakeGateway, openSettings } from '../../test/fake-gateway.ts'
import { buildApp } from '../app.ts'
import { chat, errorOf, raw, serve } from '../../test/serve.ts'

const key = 'correct-horse-battery'
const settings = { api_keys: [key, { key: 'second-key-of-ci', name: 'ci' }] }

describe('a key is accepted', () => {
  const variants: [string, Record<string, string>][] = [
    ['in the configured header', { 'x-api-key': key }],
    ['as a bearer token', { authorization: `Bearer ${key}` }],
    ['with the scheme in lower case', { authorization: `bearer ${key}` }],
    ['with the scheme in upper case and more spaces', { authorization: `BEARER   ${key}  ` }],
    ['in api-key', { 'api-key': key }],
    ['with spaces around it', { 'x-api-key': `  ${key}  ` }],
    ['beside a placeholder in another header', { authorization: 'Bearer sk-none', 'api-key': key }],
    ['when every header carries it', { authorization: `Bearer ${key}`, 'x-api-key': key, 'api-key': key }],
  ]
  test.each(variants)('%s', async (_name, headers) => {
    const { post, gateway } = await serve(settings)
    const response = await post('/v1/chat/completions', chat, headers)
    expect(response.status).toBe(200)
    expect(gateway.seen[0]?.caller).toMatch(/^key-[0-9a-f]{12}$/)
  })

  test('and its name is the caller', async () => {
    const { post, gateway } = await serve(settings)
    await post('/v1/chat/completions', chat, { authorization: 'Bearer second-key-of-ci' })
    expect(gateway.seen[0]?.caller).toBe('ci')
  })

  test('in a header of the operator’s choice', async () => {
    const { get } = await serve({ ...settings, api_key_header: 'X-Team-Key' })
    expect((await get('/v1/models', { 'x-team-key': key })).status).toBe(200)
  })

  test('in Authorization without a scheme, when that header is the configured one', async () => {
    const { get } = await serve({ ...settings, api_key_header: 'Authorization' })
    expect((await get('/v1/models', { authorization: key })).status).toBe(200)
  })
})

describe('a request is refused with 401', () => {
  const variants: [string, Record<string, string>][] = [
    ['without a key', {}],
    ['with an empty key', { 'x-api-key': '' }],
    ['with a wrong key', { 'x-api-key': 'wrong' }],
    ['with a key that only starts like a right one', { authorization: `Bearer ${key.slice(0, -1)}` }],
    ['with a key that is longer than a right one', { authorization: `Bearer ${key}x` }],
    ['with another scheme', { authorization: `Basic ${key}` }],
    ['with the key in the wrong case', { 'x-api-key': key.toUpperCase() }],
    ['with quotes in the key', { authorization: `Bearer ' OR '1'='1` }],
    ['with 8 KB of key', { 'x-api-key': 'k'.repeat(8192) }],
  ]
  test.each(variants)('%s', async (_name, headers) => {
    const { post, gateway, log } = await serve(settings)
    const response = await post('/v1/chat/completions', chat, headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(response.headers.get('x-request-id')).toMatch(/^req_/)
    expect(await errorOf(response)).toEqual({
      message: 'A valid API key is required: send it as "Authorization: Bearer <key>" or "X-API-Key: <key>".',
      type: 'authentication_error',
      param: null,
      code: 'invalid_api_key',
    })
    expect(gateway.seen).toEqual([])
    const sent = Object.values(headers).filter((value) => value !== '')
    expect(sent.filter((value) => JSON.stringify(log).includes(value))).toEqual([])
  })

  test('before its body has arrived', async () => {
    const { port } = await serve(settings)
    const answer = raw(
      port,
      'POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{',
    )
    // The body never comes: what arrives was decided without it.
    await expect(answer).resolves.toMatch(/^HTTP\/1\.1 401 /)
  })
})

/** Method and URL of every route, from the drawing of the router's tree. */
function registered(tree: string): readonly ['GET' | 'HEAD' | 'POST', string][] {
  const parents: string[] = []
  return tree.split('\n').flatMap((line) => {
    const found = /^([│ ]*)[├└]── (\S*) ?(?:\((.*)\))?/.exec(line)
    if (found === null) return []
    const depth = (found[1] ?? '').length / 4
    parents.length = depth
    parents.push(found[2] ?? '')
    const methods = (found[3] ?? '').split(', ').filter((name) => name !== '')
    return methods.map((name): ['GET' | 'HEAD' | 'POST', string] => [name as 'GET', parents.join('')])
  })
}

describe('every route asks for a key', () => {
  const paths = [
    '/v1/models',
    '/models',
    '/v1/models/a/b',
    '/providers',
    '/metrics',
    '/health',
    '/',
    '/nowhere',
    '/v1/responses',
  ]
  test.each(paths)('GET %s', async (path) => {
    const { get } = await serve(settings)
    expect((await get(path)).status).toBe(401)
  })

  test('that is registered, whatever its method', async () => {
    const settings = { ...openSettings, api_keys: [new Secret('a-key-of-this-test')] }
    const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
    const app = buildApp(fakeGateway(), { settings, log: quiet })
    await app.ready()
    const routes = registered(app.printRoutes({ commonPrefix: false }))
    expect(routes.length).toBeGreaterThan(20)
    const open = []
    for (const [method, url] of routes) {
      const { statusCode } = await app.inject({ method, url: url.replace('*', '/x') })
      if (statusCode !== 401) open.push(`${method} ${url}`)
    }
    expect(open.toSorted()).toEqual(['GET /livez', 'GET /readyz', 'HEAD /livez', 'HEAD /readyz'])
    await app.close()
  })

  test.each(['/livez', '/readyz'])('but not GET %s', async (path) => {
    const { get } = await serve(settings)
    expect((await get(path)).status).toBe(200)
  })

  const targets = [
    '//providers',
    '/v1/../providers',
    '/%2e%2e/providers',
    '/livez/../providers',
    '/livez;/providers',
    '/livez%2f..%2fproviders',
    '/PROVIDERS',
    '/providers?x=/livez',
    '/providers/',
    '/%70roviders',
    'http://evil.example/providers',
    'http://127.0.0.1/livez/../providers',
    '/%zz',
    '*',
  ]
  test.each(targets)('also when the target is written %s', async (target) => {
    const { port } = await serve(settings)
    const answer = await raw(port, `GET ${target} HTTP/1.1\r\nhost: livez\r\nconnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(answer).toContain('"error":{')
  })
})
