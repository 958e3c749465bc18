import { describe, expect, test } from 'vitest'
import {
  type Answer,
  ask,
  bodies,
  chunk,
  fakeUpstream,
  healthy,
  type OpenaiOperation,
  openStream,
  paths,
  provider,
  start,
  startProxy,
  until,
} from './support.ts'

const rounds = 20

/** How an upstream brings about each ending. */
const answers: Readonly<Record<string, Answer>> = {
  complete: healthy(),
  upstream_error: (_request, response) => {
    response
      .writeHead(500, { 'content-type': 'application/json' })
      .end('{"error":{"message":"x","type":"server_error","param":null,"code":null}}')
  },
  upstream_cut: ({ path, body }, response) => {
    const streamed = path.endsWith('/chat/completions') && body.includes('"stream":true')
    if (streamed) openStream(response).write(chunk('x'))
    else response.writeHead(200, { 'content-type': 'application/json' }).write('{"id"')
    setImmediate(() => response.destroy())
  },
  client_gone: ({ body }, response) => {
    if (body.includes('"stream":true')) openStream(response).write(chunk('x'))
  },
  proxy_timeout: ({ body }, response) => {
    if (body.includes('"stream":true')) openStream(response).write(chunk('x'))
  },
}

const kinds: readonly (readonly [string, OpenaiOperation, object])[] = [
  ['chat', 'chat', {}],
  ['streamed chat', 'chat', { stream: true }],
  ['embeddings', 'embeddings', {}],
]

describe.each(kinds)('%s', (_, operation, more) => {
  test.each(Object.keys(answers))(`ending in %s ${rounds} times leaves the one slot free`, async (ending) => {
    let answer = answers[ending]!
    const upstream = await fakeUpstream((request, response) => answer(request, response))
    const only = provider('a', upstream.url, {
      max_connections: 1,
      max_retries: 0,
      queue_timeout: 0,
      circuit_breaker_threshold: 1000,
      ...(ending === 'proxy_timeout' ? { timeout: 0.01, idle_timeout: 0.01 } : {}),
    })
    const proxy = await startProxy({ providers: [only] })
    for (let round = 1; round <= rounds; round++) {
      if (ending === 'client_gone') {
        const client = start(proxy.url, paths[operation], { ...bodies[operation], ...more })
        await upstream.request(round - 1)
        client.leave()
        await until(() => proxy.gateway.inFlight === 0)
      } else await ask(proxy.url, operation, more)
    }
    await until(() => proxy.requests.length === rounds)
    // A whole answer that breaks off was never begun towards the client: for it that is an upstream's error.
    const expected = ending === 'upstream_cut' && !('stream' in more) ? 'upstream_error' : ending
    expect(new Set(proxy.requests.map((line) => line['ending']))).toEqual(new Set([expected]))
    expect(upstream.requests).toHaveLength(rounds)
    answer = healthy()
    expect((await ask(proxy.url, operation)).status).toBe(200)
  })
})

test('requests that are refused take no slot', async () => {
  const upstream = await fakeUpstream(healthy())
  const proxy = await startProxy({
    providers: [provider('a', upstream.url, { max_connections: 1, queue_timeout: 0 })],
  })
  for (let round = 0; round < rounds; round++) {
    expect((await ask(proxy.url, 'chat', { messages: null })).status).toBe(400)
    expect((await ask(proxy.url, 'chat', { model: 'unknown' })).status).toBe(404)
  }
  expect((await ask(proxy.url, 'chat')).status).toBe(200)
})

test('a full provider queues, and those who wait are served in turn', async () => {
  const upstream = await fakeUpstream((request, response) => {
    setTimeout(() => healthy()(request, response), 5)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { max_connections: 1 })] })
  const replies = await Promise.all(Array.from({ length: 10 }, () => ask(proxy.url, 'chat')))
  expect(replies.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
})
