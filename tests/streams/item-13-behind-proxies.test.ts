import { describe, expect, test } from 'vitest'
import { chat, done, finish, role, say } from '../support/chat-frames.ts'
import { findNginx, startNginx } from '../support/nginx.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { anthropicWire, compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { strictReading } from '../support/strict-reader.ts'

const answer = [role, say('Once'), say(' upon'), finish(), done]
const silent = { headAfter: 300, steps: [...answer.slice(0, 2), { wait: 300 }, ...answer.slice(2)] }

test.each([
  { path: '/v1/chat/completions', provider: 'compatible' },
  { path: '/v1/chat/completions', provider: 'anthropic-wire' },
  { path: '/v1/completions', provider: 'compatible' },
  { path: '/v1/messages', provider: 'anthropic-wire' },
])('a stream of $path over $provider has the headers that proxies need', async ({ path, provider }) => {
  await using gateway = await start({
    config: ([url = '']) => ({ providers: [compatible(url), anthropicWire(url)] }),
  })
  const model = `${provider}/mock-chunks-5`
  const body = { ...chat(model), max_tokens: 50, ...(path === '/v1/completions' && { prompt: 'Hi' }) }
  const { headers, status } = await post(`${gateway.url}${path}`, body, {
    headers: { 'accept-encoding': 'gzip, br' },
  })
  expect(status).toBe(200)
  expect(headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
    'transfer-encoding': 'chunked',
    'x-llmproxy-provider': provider,
  })
  expect(headers).not.toHaveProperty('content-length')
  expect(headers).not.toHaveProperty('content-encoding')
})

test('an upstream that is silent for 300 ms survives a client with a read timeout of 200 ms', async () => {
  await using upstream = await startRawUpstream(() => silent)
  await using gateway = await start({
    mocks: 0,
    config: () => ({ keepalive_interval: 0.05, providers: [compatible(upstream.url)] }),
  })
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'), { readTimeoutMs: 200 })
  expect(strictReading(text).text).toBe('Once upon')
})

test('without keep-alive the same client gives up', async () => {
  await using upstream = await startRawUpstream(() => silent)
  await using gateway = await start({
    mocks: 0,
    config: () => ({ keepalive_interval: 0, providers: [compatible(upstream.url)] }),
  })
  const asked = post(`${gateway.url}/v1/chat/completions`, chat('mock-any'), { readTimeoutMs: 200 })
  await expect(asked).rejects.toThrow('read timeout')
})

test('the head goes out with the first token, which does not wait for the second', async () => {
  const seen = Promise.withResolvers<void>()
  await using upstream = await startRawUpstream(() => ({
    steps: [role, say('Once'), { wait: seen.promise }, ...answer.slice(2)],
  }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'), {
    watch: (text) => {
      if (text.includes('Once')) seen.resolve()
    },
  })
  expect(strictReading(text).text).toBe('Once upon')
})

const nginx = findNginx()
if (nginx === undefined) console.log('nginx is not installed: the tests behind a real nginx are skipped')

describe.skipIf(nginx === undefined)('behind nginx with its defaults', () => {
  test('each token passes as soon as it is there', async () => {
    const seen = ['Once', ' upon', ' a', ' time'].map((word) => ({ word, ...Promise.withResolvers<void>() }))
    await using upstream = await startRawUpstream(() => ({
      steps: [role, ...seen.flatMap(({ word, promise }) => [say(word), { wait: promise }]), finish(), done],
    }))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    await using proxy = await startNginx(nginx!, gateway.url)
    const { text, complete } = await post('http://gateway.test/v1/chat/completions', chat('mock-any'), {
      socketPath: proxy.socketPath,
      headers: { host: 'localhost' },
      watch: (text) => {
        for (const { word, resolve } of seen) if (text.includes(`"${word}"`)) resolve()
      },
    })
    expect(complete).toBe(true)
    expect(strictReading(text).text).toBe('Once upon a time')
  })

  test('silence longer than proxy_read_timeout, before and inside the answer, does not end it', async () => {
    const pause = { wait: 1200 }
    await using upstream = await startRawUpstream(() => ({
      headAfter: 1200,
      steps: [...answer.slice(0, 2), pause, ...answer.slice(2)],
    }))
    await using gateway = await start({
      mocks: 0,
      config: () => ({ keepalive_interval: 0.3, providers: [compatible(upstream.url)] }),
    })
    await using proxy = await startNginx(nginx!, gateway.url, 'proxy_read_timeout 1s;')
    const { text, status } = await post('http://gateway.test/v1/chat/completions', chat('mock-any'), {
      socketPath: proxy.socketPath,
      headers: { host: 'localhost' },
    })
    expect(status).toBe(200)
    expect(strictReading(text).text).toBe('Once upon')
  })
})
