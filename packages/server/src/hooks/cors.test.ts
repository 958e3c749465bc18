import { expect, test } from 'vitest'
import { chat, serve } from '../../test/serve.ts'

const app = 'https://app.example'
const settings = { api_keys: ['correct-horse-battery'], cors_origins: [app] }
const key = { 'x-api-key': 'correct-horse-battery' }
const asked = 'authorization,content-type,x-stainless-os,x-stainless-retry-count'

function preflight(url: string, origin: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': asked },
  })
}

test('a preflight is answered before authentication and allows the headers that it asks for', async () => {
  const { url } = await serve(settings)
  const response = await preflight(url, app)
  expect(response.status).toBe(204)
  expect(response.headers.get('access-control-allow-origin')).toBe(app)
  expect(response.headers.get('access-control-allow-headers')).toBe(asked)
  expect(response.headers.get('access-control-allow-methods')).toContain('POST')
  expect(response.headers.get('access-control-allow-credentials')).toBeNull()
})

test('an origin that is not listed gets no permission', async () => {
  const { url, get } = await serve(settings)
  const refused = await preflight(url, 'https://other.example')
  expect(refused.status).toBe(204)
  expect(refused.headers.get('access-control-allow-origin')).toBeNull()
  expect(refused.headers.get('access-control-allow-headers')).toBeNull()
  const response = await get('/v1/models', { ...key, origin: 'https://other.example' })
  expect(response.headers.get('access-control-allow-origin')).toBeNull()
})

test('errors carry the permission, so that the browser shows them', async () => {
  const { post } = await serve(settings)
  for (const [headers, status] of [
    [{}, 401],
    [{ ...key, 'content-type': 'text/plain' }, 415],
  ] as [Record<string, string>, number][]) {
    const response = await post('/v1/chat/completions', chat, { ...headers, origin: app })
    expect(response.status).toBe(status)
    expect(response.headers.get('access-control-allow-origin')).toBe(app)
    expect(response.headers.get('vary')).toBe('origin')
  }
})

test.each(['json', 'stream'])(
  'answers that are written to the socket carry the permission too: %s',
  async (model) => {
    const { post } = await serve(settings)
    const response = await post('/v1/chat/completions', { ...chat, model }, { ...key, origin: app })
    expect(response.headers.get('access-control-allow-origin')).toBe(app)
    const exposed = response.headers.get('access-control-expose-headers')?.split(', ')
    expect(exposed).toEqual(expect.arrayContaining(['retry-after', 'x-request-id', 'x-llmproxy-provider']))
    await response.text()
  },
)

test('* allows every origin, without credentials', async () => {
  const { url } = await serve({ ...settings, cors_origins: ['*'] })
  const response = await preflight(url, 'https://anything.example')
  expect(response.headers.get('access-control-allow-origin')).toBe('*')
  expect(response.headers.get('access-control-allow-credentials')).toBeNull()
})

test('an OPTIONS request without an origin is answered too', async () => {
  const { url } = await serve(settings)
  const response = await fetch(`${url}/v1/models`, { method: 'OPTIONS' })
  expect(response.status).toBe(204)
  expect(response.headers.get('allow')).toContain('GET')
})
