import { get as httpGet } from 'node:http'
import { expect, test } from 'vitest'
import { chat, errorOf, serve } from '../test/serve.ts'

const none = { chat: null, completions: null, embeddings: null, images: null, videos: null, messages: null }

test('a revoked key is refused at the next request, and an added one works at once', async () => {
  const { post, change } = await serve({ api_keys: ['old-key-of-a-client'] })
  const ask = (key: string) => post('/v1/chat/completions', chat, { authorization: `Bearer ${key}` })
  expect([(await ask('old-key-of-a-client')).status, (await ask('new-key-of-a-client')).status]).toEqual([
    200, 401,
  ])
  change({ api_keys: [{ key: 'new-key-of-a-client', name: 'team' }] })
  expect((await ask('old-key-of-a-client')).status).toBe(401)
  expect(await (await ask('new-key-of-a-client')).json()).toMatchObject({ caller: 'team' })
})

test('a stream that was let in by a key that is revoked since runs to its end', async () => {
  const { post, gateway, change } = await serve({ api_keys: ['old-key-of-a-client'] })
  const key = { 'x-api-key': 'old-key-of-a-client' }
  const stream = await post('/v1/chat/completions', { ...chat, model: 'hold', stream: true }, key)
  change({ api_keys: ['new-key-of-a-client'] })
  expect((await post('/v1/chat/completions', chat, key)).status).toBe(401)
  gateway.release()
  expect(await stream.text()).toMatch(/\[DONE\]\n\n$/)
  expect(gateway.endings).toEqual(['complete'])
})

test('the first key ends the rule that only programs of this machine may call, and brings it back when it goes', async () => {
  const { get, change } = await serve()
  const foreign = { origin: 'https://evil.example', 'x-api-key': 'a-key-of-a-client' }
  expect((await get('/v1/models', foreign)).status).toBe(403)
  change({ api_keys: ['a-key-of-a-client'] })
  expect((await get('/v1/models', foreign)).status).toBe(200)
  expect((await get('/v1/models')).status).toBe(401)
  change({ api_keys: [] })
  expect((await get('/v1/models', foreign)).status).toBe(403)
  expect((await get('/v1/models')).status).toBe(200)
})

test('the header of the key, origins, limits and the size of bodies are those of now', async () => {
  const { get, post, change } = await serve({ api_keys: ['a-key-of-a-client'], api_key_header: 'X-Before' })
  const before = { 'x-before': 'a-key-of-a-client', origin: 'https://app.example' }
  const after = { 'x-after': 'a-key-of-a-client', origin: 'https://app.example' }
  const unlisted = await get('/v1/models', before)
  expect([unlisted.status, unlisted.headers.get('access-control-allow-origin')]).toEqual([200, null])
  change({
    api_key_header: 'X-After',
    cors_origins: ['https://App.example/'],
    rate_limits: { ...none, chat: 2 },
    body_limit: 200,
  })
  const refused = await get('/v1/models', before)
  expect((await errorOf(refused)).message).toContain('X-After')
  const listed = await get('/v1/models', after)
  expect([listed.status, listed.headers.get('access-control-allow-origin')]).toEqual([
    200,
    'https://app.example',
  ])
  const answers = []
  for (const body of [chat, { ...chat, user: 'x'.repeat(200) }, chat])
    answers.push((await post('/v1/chat/completions', body, after)).status)
  expect(answers).toEqual([200, 413, 429])
})

test('connections are kept idle for as long as keep_alive_timeout says now', async () => {
  const { url, change } = await serve({ keep_alive_timeout: 77 })
  const kept = () =>
    new Promise((resolve, reject) => {
      httpGet(`${url}/livez`, { headers: { connection: 'keep-alive' }, agent: false }, (response) => {
        response.resume()
        resolve(response.headers['keep-alive'])
      }).on('error', reject)
    })
  expect(await kept()).toBe('timeout=77')
  change({ keep_alive_timeout: 5 })
  expect(await kept()).toBe('timeout=5')
})
