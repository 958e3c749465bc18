import { expect, test } from 'vitest'
import {
  ask,
  bodies,
  fakeUpstream,
  healthy,
  type OpenaiOperation,
  paths,
  provider,
  send,
  startProxy,
} from '../reliability/support.ts'
import { baits, enticing } from './support/baits.ts'

test.each(Object.keys(paths) as OpenaiOperation[])(
  '%s: nothing in body, headers or query changes where a request goes and with which key',
  async (operation) => {
    const evil = await fakeUpstream(healthy('evil'))
    const upstream = await fakeUpstream(healthy())
    const { url } = await startProxy({ providers: [provider('a', upstream.url)] })
    const query = new URLSearchParams({ api_base: evil.url, 'api-key': 'stolen', base_url: evil.url })
    const { status } = await send(url, `${paths[operation]}?${query.toString()}`, {
      body: { ...bodies[operation], ...baits(evil.url) },
      headers: enticing(evil.url),
    })
    expect(status).toBe(200)
    expect(evil.connections).toBe(0)
    const [request] = upstream.requests
    expect(request?.path).toBe(paths[operation])
    expect(request?.headers['authorization']).toBe('Bearer upstream-key-of-a')
    expect(JSON.stringify(request?.rawHeaders)).not.toMatch(/evil|stolen|1\.2\.3\.4/)
    expect(request?.headers['host']).toBe(new URL(upstream.url).host)
  },
)

test.each([
  'http://127.0.0.1:1/v1/m',
  '../../../admin',
  'a/../m',
  '//evil.example/m',
  'm?x=1',
  'm#x',
  'm\r\nhost: evil',
  '%2e%2e/m',
  'a/%2e%2e/m',
  '@evil.example',
])('model %j reaches no other path of the upstream', async (model) => {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({ providers: [provider('a', upstream.url, { models: ['*'] })] })
  const { status } = await ask(url, 'chat', { model })
  expect(status).toBeLessThan(500)
  expect(upstream.requests.map(({ path }) => path)).toEqual(status === 200 ? [paths.chat] : [])
})

test('redirects of an upstream are not followed', async () => {
  const evil = await fakeUpstream(healthy('evil'))
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(307, { location: `${evil.url}/v1/chat/completions` }).end()
  })
  const { url } = await startProxy({ providers: [provider('a', upstream.url, { max_retries: 0 })] })
  const { status, headers: answered, text } = await ask(url, 'chat')
  expect(status).toBe(502)
  expect(answered['location']).toBeUndefined()
  expect(text).not.toContain(evil.url)
  expect(evil.connections).toBe(0)
})

test('URLs in a conversation are never fetched by the gateway', async () => {
  const inside = await fakeUpstream(healthy('secret'))
  const upstream = await fakeUpstream(healthy())
  const vendor = { name: 'b', type: 'anthropic', base_url: upstream.url, api_key: 'k', models: ['claude'] }
  const { url } = await startProxy({ providers: [provider('a', upstream.url), vendor] })
  for (const model of ['m', 'claude']) {
    for (const image of [
      `${inside.url}/x.png`,
      'file:///etc/passwd',
      'gopher://127.0.0.1/x',
      `${inside.url}\\@x`,
    ]) {
      const content = [
        { type: 'text', text: 'look' },
        { type: 'image_url', image_url: { url: image } },
        { type: 'file', file: { file_data: image, filename: 'x.pdf' } },
      ]
      const { status, text } = await ask(url, 'chat', { model, messages: [{ role: 'user', content }] })
      expect(status).toBeLessThan(500)
      expect(text).not.toContain('root:')
    }
  }
  expect(inside.connections).toBe(0)
})
