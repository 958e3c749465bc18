import { expect, test } from 'vitest'
import {
  type Answer,
  chat,
  completion,
  errorBody,
  fakeUpstream,
  openStream,
  provider,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

const key = 'upstream-key-of-a'
const patient = { max_retries: 0, circuit_breaker_threshold: 1000 }

async function asking(answer: Answer, more: object = {}) {
  const upstream = await fakeUpstream(answer)
  const proxy = await startProxy({ providers: [provider('a', upstream.url, patient)] })
  const { status, headers, text } = await chat(proxy.url, more)
  return { status, headers, text, all: JSON.stringify(headers) + text }
}

const telling = {
  error: { message: `the key ${key} is bad`, type: 'server_error', param: key, code: key },
}

test.each([400, 401, 403, 404, 429, 500, 503])('an error %i never shows our key', async (status) => {
  const { all } = await asking((_, response) => sendJson(response, status, telling))
  expect(all).toContain('"error"')
  expect(all).not.toContain(key)
})

test.each([false, true])('nor does an error inside a 200, streamed: %s', async (stream) => {
  const { all } = await asking(
    (_, response) => {
      if (stream) openStream(response).end(`data: ${JSON.stringify(telling)}\n\n`)
      else sendJson(response, 200, telling)
    },
    { stream },
  )
  expect(all).toContain('"error"')
  expect(all).not.toContain(key)
})

test('rate limit headers that hold a key or a novel stay here, others are passed on', async () => {
  const { status, headers, all } = await asking((_, response) => {
    response.setHeader('x-ratelimit-note', key)
    response.setHeader('x-ratelimit-story', 'x'.repeat(10_000))
    response.setHeader('x-ratelimit-limit-tokens', '1000')
    sendJson(response, 200, completion())
  })
  expect(status).toBe(200)
  expect(all).not.toContain(key)
  expect(headers['x-ratelimit-story']).toBeUndefined()
  expect(headers['x-ratelimit-limit-tokens']).toBe('1000')
})

test('a wait of centuries becomes one of a day, in digits', async () => {
  const { status, headers } = await asking((_, response) => {
    response.setHeader('retry-after', '9'.repeat(30))
    sendJson(response, 429, errorBody('slow down'))
  })
  expect(status).toBe(429)
  expect(headers['retry-after']).toBe('86400')
})
