import { expect, test } from 'vitest'
import {
  ask,
  bodies,
  chat,
  fakeUpstream,
  healthy,
  metric,
  pair,
  paths,
  provider,
  rawSocket,
  start,
  startProxy,
  until,
} from './support.ts'

const large = JSON.stringify({ error: { message: 'x'.repeat(200_000), type: 'server_error', code: null } })

test.each([500, 429, 400])('thirty answers of 200 KB with status %d hold no connection', async (status) => {
  let failing = true
  const upstream = await fakeUpstream((request, response) => {
    if (!failing) return healthy()(request, response)
    response.writeHead(status, { 'content-type': 'application/json' }).end(large)
  })
  const slots = { max_connections: 2, queue_timeout: 0, max_retries: 0, circuit_breaker_threshold: 100 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url, slots)] })
  for (let index = 0; index < 30; index++) expect((await chat(proxy.url)).status).not.toBe(200)
  failing = false
  expect((await chat(proxy.url)).status).toBe(200)
  await until(() => upstream.requests.every(({ closedAt }) => closedAt !== undefined))
})

test('an answer that the client never reads does not keep its successor waiting', async () => {
  const upstream = await fakeUpstream((request, response) => {
    if (request.body.includes('good')) return healthy()(request, response)
    response.writeHead(500, { 'content-type': 'application/json' }).end(large)
  })
  const slots = { max_connections: 1, queue_timeout: 0, max_retries: 0, circuit_breaker_threshold: 100 }
  const proxy = await startProxy({ providers: [provider('a', upstream.url, slots)] })
  const body = JSON.stringify(bodies.chat)
  for (let index = 0; index < 20; index++) {
    const socket = rawSocket(proxy.url)
    socket.pause()
    socket.write(
      `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
    await until(() => proxy.requests.length > index)
  }
  expect((await chat(proxy.url, { user: 'good' })).status).toBe(200)
})

test('a failed first provider is let go before the second is asked, its endless body and all', async () => {
  const first = await fakeUpstream((_request, response) => {
    response.writeHead(500, { 'content-type': 'application/json' })
    const fill = () => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
    }
    response.on('drain', fill)
    fill()
  })
  const second = await fakeUpstream(healthy('second'))
  const providers = pair(provider('a', first.url, { max_retries: 0 }), provider('b', second.url))
  const proxy = await startProxy({ providers })
  expect((await chat(proxy.url)).text).toContain('second')
  await until(() => first.requests[0]?.aborted)
})

test.each(Object.keys(paths) as (keyof typeof paths)[])(
  '%s: a full provider answers 503 `queue_timeout` at its time, and counts it',
  async (operation) => {
    const upstream = await fakeUpstream(() => undefined)
    const slots = { max_connections: 1, queue_timeout: 0.05 }
    const proxy = await startProxy({ providers: [provider('a', upstream.url, slots)] })
    start(proxy.url, paths[operation], bodies[operation])
    await upstream.request(0)
    const begun = performance.now()
    const { status, headers, text } = await ask(proxy.url, operation)
    expect(performance.now() - begun).toBeGreaterThanOrEqual(45)
    expect(status).toBe(503)
    expect(headers['x-should-retry']).toBe('false')
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'providers_unavailable' } })
    expect(upstream.requests).toHaveLength(1)
    expect(await metric(proxy, 'llmproxy_requests_settled_total', { operation, ending: 'rejected' })).toBe(1)
    expect(await metric(proxy, 'llmproxy_skipped_total', { provider: 'a', reason: 'queue_timeout' })).toBe(1)
    expect(proxy.requests[0]).toMatchObject({ skipped: [{ provider: 'a', reason: 'queue_timeout' }] })
  },
)

test('a full provider hands over to the next one', async () => {
  const first = await fakeUpstream(() => undefined)
  const second = await fakeUpstream(healthy('second'))
  const full = provider('a', first.url, { max_connections: 1, queue_timeout: 0.02 })
  const proxy = await startProxy({ providers: pair(full, provider('b', second.url)) })
  start(proxy.url, paths.chat, bodies.chat)
  await first.request(0)
  expect((await chat(proxy.url)).text).toContain('second')
})
