import { expect, test } from 'vitest'
import { chat, fakeUpstream, failing, healthy, provider, send, startProxy } from '../reliability/support.ts'

const key = { 'x-api-key': 'the-key-of-a-client' }

async function gateway(answer = healthy()) {
  const upstream = await fakeUpstream(answer)
  return startProxy({
    providers: [provider('a', upstream.url, { max_retries: 0 })],
    api_keys: [key['x-api-key']],
  })
}

test('no answer to a key may be stored by what stands between', async () => {
  const { url } = await gateway()
  const gets = ['/v1/models', '/models', '/v1/models/m', '/providers', '/metrics', '/health', '/nowhere']
  const replies = [
    await chat(url, {}, key),
    await chat(url),
    await chat(url, { messages: null }, key),
    await chat(url, { model: 'unknown' }, key),
    ...(await Promise.all(gets.map((path) => send(url, path, { method: 'GET', headers: key })))),
    ...(await Promise.all(gets.map((path) => send(url, path, { method: 'GET' })))),
  ]
  expect(replies.map(({ headers }) => headers['cache-control'])).toEqual(
    replies.map(() => 'private, no-store'),
  )
})

test('failures of an upstream may not be stored either', async () => {
  const { url } = await gateway(failing(500, { 'cache-control': 'public, max-age=60' }))
  const { status, headers } = await chat(url, {}, key)
  expect(status).toBe(502)
  expect(headers['cache-control']).toBe('private, no-store')
})

test('a stream is neither stored, nor buffered, nor compressed on its way', async () => {
  const { url } = await gateway()
  const { headers } = await chat(url, { stream: true }, { ...key, 'accept-encoding': 'gzip, br' })
  expect(headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  expect(headers['content-length']).toBeUndefined()
  expect(headers['content-encoding']).toBeUndefined()
  expect(headers['etag']).toBeUndefined()
})
