import { expect, test } from 'vitest'
import { chat, fakeUpstream, healthy, paths, provider, send, startProxy } from '../reliability/support.ts'

const origin = 'https://app.example'
const asked = 'authorization,content-type,x-stainless-os,x-stainless-arch,x-stainless-retry-count'
const preflight = (from = origin) => ({
  method: 'OPTIONS',
  headers: { origin: from, 'access-control-request-method': 'POST', 'access-control-request-headers': asked },
})

async function gateway(cors_origins: string[], api_keys = ['the-key-of-a-client']) {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({ providers: [provider('a', upstream.url)], cors_origins, api_keys })
  return { url, upstream }
}

const key = { 'x-api-key': 'the-key-of-a-client' }

test('a preflight is answered before any key is asked for, with the headers that were asked for', async () => {
  const { url, upstream } = await gateway([origin])
  const { status, headers } = await send(url, paths.chat, preflight())
  expect(status).toBe(204)
  expect(headers['access-control-allow-origin']).toBe(origin)
  expect(headers['access-control-allow-headers']).toBe(asked)
  expect(headers['access-control-allow-methods']).toContain('POST')
  expect(headers['vary']?.toLowerCase()).toContain('origin')
  expect(upstream.requests).toHaveLength(0)
})

test('a 401, a 404, a 400 and a 413 can be read by the page', async () => {
  const { url } = await gateway([origin])
  const replies = await Promise.all([
    chat(url, {}, { origin }),
    chat(url, { model: 'unknown' }, { origin, ...key }),
    chat(url, { messages: null }, { origin, ...key }),
    send(url, '/nowhere', { headers: { origin, ...key } }),
  ])
  expect(replies.map(({ status }) => status)).toEqual([401, 404, 400, 404])
  expect(replies.map(({ headers }) => headers['access-control-allow-origin'])).toEqual(
    replies.map(() => origin),
  )
})

test('answers, streams included, expose what a page needs', async () => {
  const { url } = await gateway([origin])
  for (const stream of [false, true]) {
    const { status, headers } = await chat(url, { stream }, { origin, ...key })
    expect(status).toBe(200)
    expect(headers['access-control-allow-origin']).toBe(origin)
    const exposed = String(headers['access-control-expose-headers']).split(', ')
    expect(exposed).toEqual(expect.arrayContaining(['retry-after', 'x-request-id', 'x-llmproxy-provider']))
  }
})

test.each([
  'https://evil.example',
  'null',
  'https://app.example.evil.example',
  'http://app.example',
  'https://app.example:444',
])('origin %s is not on the list and gets nothing', async (from) => {
  const { url } = await gateway([origin])
  for (const reply of [
    await send(url, paths.chat, preflight(from)),
    await chat(url, {}, { origin: from, ...key }),
  ]) {
    const names = Object.keys(reply.headers).filter((name) => name.startsWith('access-control-'))
    expect(names).toEqual([])
  }
})

test('`*` means all, and never comes with credentials', async () => {
  const { url } = await gateway(['*'])
  const replies = [
    await send(url, paths.chat, preflight('https://any.example')),
    await chat(url, {}, { origin, ...key }),
  ]
  expect(replies.map(({ headers }) => headers['access-control-allow-origin'])).toEqual(['*', '*'])
  expect(replies.flatMap(({ headers }) => Object.keys(headers))).not.toContain(
    'access-control-allow-credentials',
  )
})

test('without `cors_origins` no page gets anything', async () => {
  const { url } = await gateway([])
  const { headers } = await chat(url, {}, { origin, ...key })
  expect(headers['access-control-allow-origin']).toBeUndefined()
})
