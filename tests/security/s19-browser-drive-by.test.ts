import { expect, test } from 'vitest'
import {
  bodies,
  chat,
  fakeUpstream,
  healthy,
  paths,
  provider,
  raw,
  send,
  startProxy,
} from '../reliability/support.ts'

async function gateway(more: object = {}) {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], ...more })
  return { ...proxy, upstream }
}

test.each([
  'https://evil.example',
  'http://evil.example',
  'null',
  'http://localhost.evil.example',
  'http://127.0.0.1.evil.example',
  'file://',
  'x',
])('a page of %s cannot use a gateway without keys', async (origin) => {
  const { url, upstream } = await gateway()
  for (const reply of [
    await chat(url, {}, { origin }),
    await send(url, '/v1/models', { method: 'GET', headers: { origin } }),
  ]) {
    expect(reply.status).toBe(403)
    expect(reply.headers['access-control-allow-origin']).toBeUndefined()
  }
  expect(upstream.requests).toHaveLength(0)
})

test.each([
  'evil.example',
  'evil.example:8000',
  '127.0.0.1.nip.io',
  'localhost.evil.example',
  '192.168.0.5',
  '169.254.169.254',
  '0.0.0.0',
  '',
  '[::2]',
  '127.0.0.1@evil.example',
])('a name that was rebound to loopback (Host: %s) reaches nothing', async (host) => {
  const { url, upstream } = await gateway()
  const body = JSON.stringify(bodies.chat)
  const answer = await raw(
    url,
    `POST ${paths.chat} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
  expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /)
  expect(upstream.requests).toHaveLength(0)
})

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain; charset=application/json',
])('a form of type %s, which needs no preflight, is not read', async (type) => {
  const { url, upstream } = await gateway()
  const headers = { 'content-type': type, 'sec-fetch-site': 'cross-site' }
  expect((await send(url, paths.chat, { body: bodies.chat, headers })).status).toBe(415)
  expect(upstream.requests).toHaveLength(0)
})

test('programs and pages of this machine are served', async () => {
  const { url } = await gateway()
  for (const headers of [
    {},
    { origin: 'http://localhost:3000' },
    { origin: 'http://127.0.0.1:5173' },
    { origin: 'http://[::1]:80' },
  ])
    expect((await chat(url, {}, headers as Record<string, string>)).status).toBe(200)
})

test('`*` in `cors_origins` is no trust for a gateway without keys; a listed origin is', async () => {
  const origin = 'https://app.example'
  const all = await gateway({ cors_origins: ['*'] })
  expect((await chat(all.url, {}, { origin })).status).toBe(403)
  const listed = await gateway({ cors_origins: [origin] })
  expect((await chat(listed.url, {}, { origin })).status).toBe(200)
  expect((await chat(listed.url, {}, { origin: 'https://evil.example' })).status).toBe(403)
})

test('with keys a foreign Host is only a name', async () => {
  const { url } = await gateway({ api_keys: ['the-key-of-a-client'] })
  const headers = { host: 'gateway.example', 'x-api-key': 'the-key-of-a-client' }
  expect((await chat(url, {}, headers)).status).toBe(200)
})
