import { expect, test } from 'vitest'
import { fakeUpstream, healthy, provider, raw, send, startProxy } from '../reliability/support.ts'

const guarded = ['/providers', '/metrics', '/health', '/v1/models', '/models', '/v1/models/m']

async function gateway() {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({
    providers: [provider('a', upstream.url)],
    api_keys: ['the-key-of-a-client'],
  })
  return { ...proxy, upstream }
}

/** Other ways to write a path, some of which other servers take for the same one. */
function disguises(path: string): string[] {
  const last = path.slice(1)
  return [
    path,
    `${path}/`,
    `/${path}`,
    `//v1${path}`,
    `${path}//`,
    `/livez/..${path}`,
    `/livez/%2e%2e${path}`,
    `/livez/%2e%2e%2f${last}`,
    `/livez/..%2f${last}`,
    `/livez;${path}`,
    `/livez/;/..${path}`,
    `${path};x=1`,
    `${path};/livez`,
    `/.${path}`,
    `/%2e${path}`,
    `/${encodeURIComponent(path)}`,
    `/${last.toUpperCase()}`,
    path.replace(/[a-z]/, (letter) => letter.toUpperCase()),
    `/${last.replaceAll(/[a-z]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)}`,
    `${path}%00`,
    `${path}%20`,
    `${path}?x=/livez`,
    `${path}#/livez`,
    `${path}%3f`,
    `${path}.json`,
    `\\${last}`,
    `/livez\\..\\${last}`,
    `/livez?${path}`,
    `http://127.0.0.1${path}`,
    `http://evil.example${path}`,
    `https://livez${path}`,
  ]
}

test.each(guarded)('%s without a key: no way of writing it, and no Host, gets an answer', async (path) => {
  const { url } = await gateway()
  const hosts = ['localhost', 'evil.example', '127.0.0.1/livez', 'localhost/livez?', '', 'x'.repeat(300)]
  const open: string[] = []
  for (const target of disguises(path)) {
    for (const host of hosts) {
      const answer = await raw(url, `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`)
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1])
      // `/livez` with a query is `/livez`: it is open, and says nothing.
      if (status < 400 && !answer.endsWith('{"status":"ok"}'))
        open.push(`${target} with host ${host}: ${status}`)
      if (status >= 500) open.push(`${target} with host ${host}: ${status}`)
    }
  }
  expect(open).toEqual([])
})

test('a POST route is not reached by override headers or a disguised path', async () => {
  const { url, upstream } = await gateway()
  const overrides = [
    'x-original-url',
    'x-rewrite-url',
    'x-forwarded-uri',
    'x-forwarded-prefix',
    'x-http-method-override',
  ]
  for (const name of overrides) {
    const { text } = await send(url, '/livez', { method: 'GET', headers: { [name]: '/providers' } })
    expect(text).toBe('{"status":"ok"}')
  }
  for (const target of disguises('/v1/chat/completions')) {
    const body = '{"model":"m","messages":[{"role":"user","content":"x"}]}'
    await raw(
      url,
      `POST ${target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
    )
  }
  expect(upstream.requests).toHaveLength(0)
})

test('only the two probes are open', async () => {
  const { url } = await gateway()
  for (const path of ['/livez', '/readyz']) {
    const { status, text } = await send(url, path, { method: 'GET' })
    expect(status).toBe(200)
    expect(text).toBe('{"status":"ok"}')
  }
  const refused = await Promise.all(
    [...guarded, '/', '/nowhere', '/v1', '/docs'].map((path) => send(url, path, { method: 'GET' })),
  )
  expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 401))
})
