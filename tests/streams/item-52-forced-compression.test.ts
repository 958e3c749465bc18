import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { brotliCompressSync, createGzip, deflateSync, type Gzip, gzipSync } from 'node:zlib'
import { chat, done, finish, role, say } from '../support/chat-frames.ts'
import { cut, startRawUpstream } from '../support/raw-upstream.ts'
import { compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'

const whole = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'mock-any',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Grüße' }, finish_reason: 'stop' }],
})
const missing = JSON.stringify({
  error: { message: 'no such model', type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
})

describe.each([
  { encoding: 'gzip', compress: gzipSync },
  { encoding: 'x-gzip', compress: gzipSync },
  { encoding: 'deflate', compress: deflateSync },
  { encoding: 'br', compress: brotliCompressSync },
])('an upstream that uses $encoding though nobody asked', ({ encoding, compress }) => {
  const json = { 'content-type': 'application/json', 'content-encoding': encoding }

  test.each([
    { status: 200, sent: whole, read: { choices: [{ message: { content: 'Grüße' } }] } },
    { status: 404, sent: missing, read: { error: { message: 'no such model', code: 'model_not_found' } } },
  ])('gives a plain body for a $status', async ({ status, sent, read }) => {
    await using upstream = await startRawUpstream(() => ({ status, headers: json, steps: [compress(sent)] }))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any', { stream: false }), {
      headers: { 'accept-encoding': 'gzip, deflate, br' },
    })
    expect(answer.status).toBe(status)
    expect(answer.headers).not.toHaveProperty('content-encoding')
    expect(answer.headers['content-length']).toBe(String(answer.body.length))
    expect(JSON.parse(answer.text)).toMatchObject(read)
    expect(upstream.requests[0]!.headers['accept-encoding'] ?? 'identity').toBe('identity')
  })

  test('gives a plain stream', async () => {
    const bytes = compress([role, say('Grüße, 世界'), finish(), done].join(''))
    const headers = { 'content-type': 'text/event-stream', 'content-encoding': encoding }
    const steps = Array.from(bytes, (byte) => Uint8Array.of(byte))
    await using upstream = await startRawUpstream(() => ({ headers, steps }))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'), {
      headers: { 'accept-encoding': 'gzip, deflate, br' },
    })
    expect(answer.headers).not.toHaveProperty('content-encoding')
    expect(strictReading(answer.text).text).toBe('Grüße, 世界')
  })
})

test('a compressed stream passes token by token', async () => {
  const seen = Promise.withResolvers<void>()
  const gzip = createGzip()
  const flushed = async (text: string) => {
    gzip.write(text)
    await new Promise<void>((resolve) => gzip.flush(() => resolve()))
    return Buffer.concat(drained(gzip))
  }
  const first = await flushed(role + say('Once'))
  const rest = await flushed(say(' upon') + finish() + done)
  const headers = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }
  await using upstream = await startRawUpstream(() => ({
    headers,
    steps: [first, { wait: seen.promise }, rest],
  }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'), {
    watch: (text) => {
      if (text.includes('Once')) seen.resolve()
    },
  })
  expect(strictReading(text).text).toBe('Once upon')
})

function drained(gzip: Gzip): Buffer[] {
  const pieces: Buffer[] = []
  for (let piece: unknown = gzip.read(); piece !== null; piece = gzip.read()) pieces.push(piece as Buffer)
  return pieces
}

test('a compressed stream that is cut is an error', async () => {
  const bytes = gzipSync([role, say('Once'), say('x'.repeat(50_000)), finish(), done].join(''))
  const headers = { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' }
  await using upstream = await startRawUpstream(() => ({ headers, steps: [bytes.subarray(0, -60), cut] }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  const error =
    answer.status === 200
      ? readStrictly(answer.text).error
      : (JSON.parse(answer.text) as { error: object }).error
  expect(error).toHaveProperty('message')
})

test('the openai SDK reads the compressed error as its own class', async () => {
  const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
  await using upstream = await startRawUpstream(() => ({ status: 404, headers, steps: [gzipSync(missing)] }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key' })
  await expect(
    client.chat.completions.create({ model: 'mock-any', messages: [{ role: 'user', content: 'Hi' }] }),
  ).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
})
