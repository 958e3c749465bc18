import { expect, test } from 'vitest'
import {
  ask,
  completion,
  embeddings,
  fakeUpstream,
  openStream,
  chunk,
  provider,
  send,
  sendJson,
  startProxy,
  streamEnd,
} from '../reliability/support.ts'

const keys = ['the-key-of-the-first', 'the-key-of-the-second']

/** Each answer says which one it is. */
async function gateway() {
  let count = 0
  const upstream = await fakeUpstream(({ path, body }, response) => {
    count++
    if (path.endsWith('/embeddings'))
      return sendJson(response, 200, { ...embeddings(), model: `answer-${count}` })
    if (!body.includes('"stream":true')) return sendJson(response, 200, completion(`answer-${count}`))
    openStream(response).end(chunk(`answer-${count}`) + streamEnd)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], api_keys: keys })
  return { ...proxy, upstream }
}

test('the same request of two keys, or of one key twice, is asked and answered each time', async () => {
  const { url, upstream } = await gateway()
  const texts: string[] = []
  const asked = [
    ['chat', {}],
    ['chat', { stream: true }],
    [
      'chat',
      { seed: 1, temperature: 0, prompt_cache_key: 'shared', user: 'same', safety_identifier: 'same' },
    ],
    ['embeddings', {}],
  ] as const
  for (const [operation, more] of asked) {
    for (const key of [...keys, keys[0]!]) {
      const { text, headers } = await ask(url, operation, more, { 'x-api-key': key })
      texts.push(/answer-\d+/.exec(text)?.[0] ?? text)
      expect(headers['x-llmproxy-cache']).toBeUndefined()
      expect(headers['etag']).toBeUndefined()
    }
  }
  expect(upstream.requests).toHaveLength(12)
  expect(new Set(texts).size).toBe(12)
})

test('headers that ask for a cached answer get a fresh one', async () => {
  const { url, upstream } = await gateway()
  const headers = {
    'x-api-key': keys[0]!,
    'if-none-match': '*',
    'cache-control': 'only-if-cached',
    'x-cache': '1',
  }
  for (let index = 0; index < 2; index++) expect((await ask(url, 'chat', {}, headers)).status).toBe(200)
  expect(upstream.requests).toHaveLength(2)
})

test('there is nothing that one key could store and another could read', async () => {
  const { url, upstream } = await gateway()
  const stores = [
    '/v1/files',
    '/v1/batches',
    '/v1/responses',
    '/v1/threads',
    '/v1/vector_stores',
    '/v1/fine_tuning/jobs',
  ]
  const videos = ['/v1/videos/video_1', '/v1/videos/video_1/content', '/v1/chat/completions/chatcmpl-1']
  for (const path of [...stores, ...stores.map((store) => `${store}/id_1`), ...videos]) {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const { status } = await send(url, path, { method, headers: { 'x-api-key': keys[1]! } })
      expect([path, status]).toEqual([path, 404])
    }
  }
  expect(upstream.requests).toHaveLength(0)
})
