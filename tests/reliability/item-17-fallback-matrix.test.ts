import { createServer as createTcpServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import {
  type Answer,
  ask,
  bodies,
  chunk,
  failing,
  fakeUpstream,
  healthy,
  listening,
  openStream,
  type OpenaiOperation,
  pair,
  provider,
  refusingUrl,
  sendJson,
  startProxy,
} from './support.ts'

const served = async (answer: Answer) => (await fakeUpstream(answer)).url

/** A peer that speaks no TLS at all. */
async function brokenTls(): Promise<string> {
  const server = createTcpServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  return (await listening(server, 'https')).url
}

const errorFrame = 'data: {"choices":[],"error":{"code":502,"message":"provider gone"}}\n\n'

/** Ways to fail that another provider can make good. Each is a URL; `streamed` differs where the wire does. */
const faults: Readonly<Record<string, (streamed: boolean) => Promise<string>>> = {
  'connection refused': refusingUrl,
  'TLS failure': brokenTls,
  'status 429': () => served(failing(429)),
  'status 429 with retry-after': () => served(failing(429, { 'retry-after': '1' })),
  'status 500': () => served(failing(500)),
  'status 529': () => served(failing(529)),
  'status 200 and an error': (streamed) =>
    served((_request, response) => {
      if (streamed) openStream(response).end(errorFrame)
      else sendJson(response, 200, { error: { message: 'provider gone', code: 502 } })
    }),
  'status 200 and the end': (streamed) =>
    served((_request, response) => {
      if (streamed) openStream(response).end()
      else response.writeHead(200, { 'content-type': 'application/json' }).end()
    }),
  'status 200 and a cut': (streamed) =>
    served((_request, response) => {
      if (streamed) openStream(response).flushHeaders()
      else response.writeHead(200, { 'content-type': 'application/json' }).write('{"id"')
      setImmediate(() => response.destroy())
    }),
  'no first byte': () => served(() => undefined),
  'unknown model': () => served(failing(404)),
  'refused key': () => served(failing(401)),
}

const kinds: readonly (readonly [OpenaiOperation, boolean])[] = [
  ['chat', false],
  ['chat', true],
  ['completions', false],
  ['completions', true],
  ['embeddings', false],
]

describe.each(kinds)('%s, streamed: %s', (operation, stream) => {
  test.each(Object.keys(faults))('%s: the second provider answers', async (name) => {
    const second = await fakeUpstream(healthy('from the second'))
    const first = provider('first', await faults[name]!(stream), { timeout: 0.05, max_retries: 0 })
    const proxy = await startProxy({ providers: pair(first, provider('second', second.url)) })
    const { status, headers, text } = await ask(proxy.url, operation, stream ? { stream } : {})
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'x-llmproxy-attempts': '2', 'x-llmproxy-provider': 'second' })
    expect(text).toContain(operation === 'embeddings' ? '[0.5,-1,0.25]' : 'from the second')
    expect(text).not.toContain('provider gone')
    expect(second.requests).toHaveLength(1)
    expect(JSON.parse(second.requests[0]!.body.toString())).toMatchObject({
      model: bodies[operation]['model'],
    })
    expect(proxy.requests[0]).toMatchObject({ ending: 'complete', attempts: 2, provider: 'second' })
  })
})

test.each([
  '{"error":"just text"}',
  '{"error":{"message":"x","code":null}}',
  '{"error":{"message":"x"},"choices":[]}',
])('a first frame %s alone is an HTTP error, not a stream', async (frame) => {
  const only = await fakeUpstream((_request, response) => void openStream(response).end(`data: ${frame}\n\n`))
  const proxy = await startProxy({ providers: [provider('a', only.url, { max_retries: 0 })] })
  const { status, headers } = await ask(proxy.url, 'chat', { stream: true })
  expect(status).toBe(502)
  expect(headers['content-type']).toMatch(/^application\/json/)
})

test('after the first content there is no second attempt', async () => {
  const first = await fakeUpstream((_request, response) => {
    openStream(response).write(chunk('half'))
    setTimeout(() => response.destroy(), 20)
  })
  const second = await fakeUpstream(healthy())
  const proxy = await startProxy({
    providers: pair(provider('first', first.url), provider('second', second.url)),
  })
  const { text } = await ask(proxy.url, 'chat', { stream: true })
  expect(text).toContain('half')
  expect(text).toContain('"error"')
  expect(text).not.toContain('[DONE]')
  expect(second.requests).toHaveLength(0)
})
