import Anthropic, { APIError } from '@anthropic-ai/sdk'
import { describe, expect, test } from 'vitest'
import {
  type Answer,
  bodies,
  fakeUpstream,
  healthy,
  openStream,
  provider,
  refusingUrl,
  send,
  sendJson,
  start,
  startProxy,
  until,
} from './support.ts'

const path = '/v1/messages'
const body = { ...bodies.chat, max_tokens: 5 }

const vendor = (name: string, url: string, priority: number, more: object = {}) => ({
  name,
  type: 'anthropic',
  base_url: url,
  api_key: `key-of-${name}`,
  models: ['m'],
  priority,
  max_retries: 0,
  retry_delay: 0.001,
  timeout: 0.05,
  ...more,
})

const errorBody = (type: string) => ({ type: 'error', error: { type, message: 'vendor gone' } })
const served = async (answer: Answer) => (await fakeUpstream(answer)).url
const status = (code: number, type: string) => () =>
  served((_request, response) => sendJson(response, code, errorBody(type)))

const faults: Readonly<Record<string, (streamed: boolean) => Promise<string>>> = {
  'connection refused': refusingUrl,
  'status 429': status(429, 'rate_limit_error'),
  'status 500': status(500, 'api_error'),
  'status 529': status(529, 'overloaded_error'),
  'status 401': status(401, 'authentication_error'),
  'status 404': status(404, 'not_found_error'),
  'status 200 and an error': (streamed) =>
    served((_request, response) => {
      if (!streamed) return sendJson(response, 200, errorBody('overloaded_error'))
      return void openStream(response).end(
        `event: error\ndata: ${JSON.stringify(errorBody('overloaded_error'))}\n\n`,
      )
    }),
  'status 200, a ping and the end': (streamed) =>
    served((_request, response) => {
      if (streamed) openStream(response).end('event: ping\ndata: {"type": "ping"}\n\n')
      else response.writeHead(200, { 'content-type': 'application/json' }).end()
    }),
  'no first byte': () => served(() => undefined),
}

describe.each([false, true])('streamed: %s', (stream) => {
  test.each(Object.keys(faults))('%s: the second vendor answers', async (name) => {
    const second = await fakeUpstream(healthy('from the second'))
    const providers = [vendor('a', await faults[name]!(stream), 1), vendor('b', second.url, 2)]
    const proxy = await startProxy({ providers })
    const { status: code, headers, text } = await send(proxy.url, path, { body: { ...body, stream } })
    expect(code).toBe(200)
    expect(headers).toMatchObject({ 'x-llmproxy-attempts': '2', 'x-llmproxy-provider': 'b' })
    expect(text).toContain('from the second')
    expect(text).not.toContain('vendor gone')
    expect(second.requests).toHaveLength(1)
    expect(second.requests[0]?.headers['x-api-key']).toBe('key-of-b')
  })
})

test('a vendor of another dialect is never asked', async () => {
  const other = await fakeUpstream(healthy())
  const failing = await fakeUpstream((_request, response) =>
    sendJson(response, 529, errorBody('overloaded_error')),
  )
  const proxy = await startProxy({
    providers: [vendor('a', failing.url, 1), provider('b', other.url, { priority: 2 })],
  })
  const { status: code, text } = await send(proxy.url, path, { body })
  expect(code).toBeGreaterThanOrEqual(500)
  expect(JSON.parse(text)).toMatchObject({ type: 'error', error: { message: expect.any(String) } })
  expect(other.requests).toHaveLength(0)
})

test('the SDK does not multiply our attempts', async () => {
  const upstream = await fakeUpstream((_request, response) =>
    sendJson(response, 529, errorBody('overloaded_error')),
  )
  const proxy = await startProxy({
    providers: [vendor('a', upstream.url, 1, { max_retries: 3 })],
    max_attempts: 2,
  })
  const client = new Anthropic({ baseURL: proxy.url, apiKey: 'any' })
  const asked = client.messages.create({
    model: 'm',
    max_tokens: 5,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  await expect(asked).rejects.toThrow(APIError)
  expect(upstream.requests).toHaveLength(2)
})

test.each(['before the headers', 'in the middle'])(
  'a client that leaves %s frees the vendor',
  async (phase) => {
    const upstream = await fakeUpstream((_request, response) => {
      if (phase === 'in the middle') openStream(response).write('event: ping\ndata: {"type": "ping"}\n\n')
    })
    const proxy = await startProxy({ providers: [vendor('a', upstream.url, 1, { timeout: 10 })] })
    const client = start(proxy.url, path, { ...body, stream: true })
    await upstream.request(0)
    client.leave()
    const left = performance.now()
    const closedAt = await until(() => upstream.requests[0]?.closedAt)
    expect(closedAt - left).toBeLessThan(1000)
    await until(() => proxy.requests[0])
    expect(proxy.requests[0]).toMatchObject({ ending: 'client_gone', operation: 'messages' })
    expect(proxy.gateway.inFlight).toBe(0)
  },
)

test('a stream that breaks off ends with `event: error`, and no invented stop', async () => {
  const begun = `event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}\n\nevent: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\nevent: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half"}}\n\n`
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response).write(begun)
    setTimeout(() => response.destroy(), 20)
  })
  const proxy = await startProxy({ providers: [vendor('a', upstream.url, 1)] })
  const { text } = await send(proxy.url, path, { body: { ...body, stream: true } })
  expect(text.startsWith(begun)).toBe(true)
  expect(text.slice(begun.length)).toMatch(/^event: error\ndata: \{"type":"error","error":\{.*\}\}?.*\n\n$/)
  expect(text).not.toContain('message_stop')
  expect(proxy.requests[0]).toMatchObject({ ending: 'upstream_cut' })
})
