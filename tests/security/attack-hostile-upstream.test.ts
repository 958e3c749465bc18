import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  bodies,
  chat,
  fakeUpstream,
  openStream,
  provider,
  send,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

const patient = { max_retries: 0, circuit_breaker_threshold: 1000 }

test('a compressed stream that grows without measure is cut', async () => {
  const choices = [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, finish_reason: null }]
  const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices }
  // With content, else it is given up for having none.
  const bytes = gzipSync(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`.repeat(100_000)))
  const upstream = await fakeUpstream((_, response) => {
    openStream(response, { 'content-encoding': 'gzip' }).end(bytes)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url, patient)] })
  const answer = await chat(proxy.url, { stream: true })
  expect(answer.text).toContain('grows without measure')
  expect(answer.text).not.toContain('[DONE]')
})

test('a long error body is answered at once, in our envelope', async () => {
  const error = { message: 'wrong', type: 'invalid_request_error', param: null, code: null }
  const upstream = await fakeUpstream((_, response) =>
    sendJson(response, 400, { error, pad: 'ab-'.repeat(20_000) }),
  )
  const proxy = await startProxy({ providers: [provider('a', upstream.url, patient)] })
  const { status, text } = await chat(proxy.url)
  expect(status).toBe(400)
  expect(JSON.parse(text)).toEqual({ error })
})

test('the type of a Messages event writes no frames of its own', async () => {
  const message = { id: 'a', type: 'message', role: 'assistant', content: [], model: 'm', usage: {} }
  const type = 'ping\n\nevent: error\ndata: {"type":"error","error":{"message":"INJECTED"}}\n\nevent: x'
  const upstream = await fakeUpstream((_, response) => {
    const events = [{ type: 'message_start', message }, { type }, { type: 'message_stop' }]
    openStream(response).end(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''))
  })
  const { name, base_url: _base, operations: _operations, ...rest } = provider('a', upstream.url, patient)
  const proxy = await startProxy({
    providers: [{ ...rest, name, type: 'anthropic', base_url: upstream.url }],
  })
  const { text } = await send(proxy.url, '/v1/messages', {
    headers: { 'content-type': 'application/json' },
    body: { ...bodies.chat, max_tokens: 5, stream: true },
  })
  expect(text).toContain('event: message_start\n')
  expect(text).not.toContain('\ndata: {"type":"error","error":{"message":"INJECTED"}}')
})
