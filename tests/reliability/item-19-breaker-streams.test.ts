import { expect, test } from 'vitest'
import {
  type Answer,
  bodies,
  chat,
  chunk,
  errorBody,
  fakeUpstream,
  healthy,
  metric,
  openStream,
  paths,
  provider,
  start,
  startProxy,
  streamEnd,
  until,
} from './support.ts'
import { changeable, skippingClock } from './support/breaking.ts'

const breaking = {
  max_retries: 0,
  circuit_breaker_threshold: 3,
  circuit_breaker_timeout: 30,
  idle_timeout: 0.1,
}
const streamed = { ...bodies.chat, stream: true }

/** A sound beginning, and then something else. */
const begun =
  (then: (response: ReturnType<typeof openStream>) => void): Answer =>
  (_request, response) => {
    openStream(response).write(chunk('half'))
    setTimeout(() => then(response), 5)
  }

test.each<[string, Answer]>([
  ['is cut', begun((response) => response.destroy())],
  ['ends without its end', begun((response) => response.end())],
  [
    'ends with an error',
    begun((response) => response.end(`data: ${JSON.stringify(errorBody('gone', 'server_error'))}\n\n`)),
  ],
  ['falls silent', begun(() => undefined)],
])(
  'a stream that %s half-way is a failure of its provider, though its client had a 200',
  async (_, answer) => {
    const upstream = await changeable(answer)
    const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] })
    for (let index = 0; index < 3; index += 1) {
      const { status, text } = await chat(proxy.url, { stream: true })
      expect(status).toBe(200)
      expect(text).toContain('"error"')
    }
    upstream.turn(healthy())
    const { status, headers } = await chat(proxy.url, { stream: true })
    expect([status, Number(headers['retry-after']) <= 30]).toEqual([503, true])
    expect(upstream.requests).toHaveLength(3)
    expect(await metric(proxy, 'llmproxy_breaker_opened_total', { provider: 'a', model: 'm' })).toBe(1)
  },
)

test('clients that leave in the middle of a stream say nothing about its provider', async () => {
  const upstream = await fakeUpstream((request, response) => {
    if (upstream.requests.length > 5) healthy()(request, response)
    else openStream(response).write(chunk('half'))
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] })
  for (let index = 0; index < 5; index += 1) {
    const client = start(proxy.url, paths.chat, streamed)
    await client.frames(1)
    client.leave()
    await until(() => proxy.gateway.inFlight === 0)
  }
  expect((await chat(proxy.url)).status).toBe(200)
  expect(await metric(proxy, 'llmproxy_breaker_opened_total', { provider: 'a', model: 'm' })).toBe(0)
})

test('the verdict on a probe is that of its whole stream; until then nobody else is let through', async () => {
  const { clock, skip } = skippingClock()
  const upstream = await changeable((_request, response) => response.destroy())
  const proxy = await startProxy({ providers: [provider('a', upstream.url, breaking)] }, { clock })
  for (let index = 0; index < 3; index += 1) expect((await chat(proxy.url)).status).toBe(502)

  let response: ReturnType<typeof openStream> | undefined
  upstream.turn((_request, answer) => {
    response = openStream(answer)
    response.write(chunk('probe'))
  })
  /** A probe of which the client has read the beginning. */
  const probing = async () => {
    skip(30)
    const client = start(proxy.url, paths.chat, streamed)
    await client.frames(1)
    return client
  }

  const broken = await probing()
  const meanwhile = await chat(proxy.url)
  expect([meanwhile.status, meanwhile.headers['retry-after']]).toEqual([503, '1'])
  response?.destroy()
  await until(() => broken.ended)
  const after = await chat(proxy.url)
  expect([after.status, Number(after.headers['retry-after']) > 20]).toEqual([503, true])

  const left = await probing()
  left.leave()
  await until(() => proxy.gateway.inFlight === 0)
  // It has shown nothing, so the next one is the probe.
  const whole = start(proxy.url, paths.chat, streamed)
  await whole.frames(1)
  expect((await chat(proxy.url)).status).toBe(503)
  response?.end(streamEnd)
  await until(() => whole.ended)
  upstream.turn(healthy())
  await until(() => proxy.gateway.inFlight === 0)
  expect((await Promise.all([chat(proxy.url), chat(proxy.url)])).map(({ status }) => status)).toEqual([
    200, 200,
  ])
  expect(upstream.requests).toHaveLength(8)
})

test('streams from before a breaker opened neither close it with their good end nor open it again with a bad one', async () => {
  const { clock, skip } = skippingClock()
  const old: ReturnType<typeof openStream>[] = []
  const upstream = await changeable((_request, answer) => {
    old.push(openStream(answer))
    answer.write(chunk('old'))
  })
  const proxy = await startProxy(
    {
      providers: [provider('a', upstream.url, { ...breaking, idle_timeout: 10 })],
    },
    { clock },
  )
  const clients = [0, 1, 2].map(() => start(proxy.url, paths.chat, streamed))
  await Promise.all(clients.map((client) => client.frames(1)))
  upstream.turn((_request, response) => response.destroy())
  for (let index = 0; index < 3; index += 1) await chat(proxy.url)
  old[0]?.end(streamEnd)
  await until(() => clients.some(({ ended }) => ended))
  expect((await chat(proxy.url)).status).toBe(503)
  skip(30)
  upstream.turn(healthy())
  expect((await chat(proxy.url)).status).toBe(200)
  for (const stream of old) stream.destroy()
  await until(() => clients.every(({ ended }) => ended))
  await until(() => proxy.gateway.inFlight === 0)
  expect((await chat(proxy.url)).status).toBe(200)
  expect(await metric(proxy, 'llmproxy_breaker_opened_total', { provider: 'a', model: 'm' })).toBe(1)
})
