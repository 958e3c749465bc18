import Anthropic, { APIError, APIUserAbortError, BadRequestError, NotFoundError } from '@anthropic-ai/sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { anthropicWire, compatible, type Started, start } from '../support/start.ts'
import { cityArguments, cityParameters, toolResults } from '../support/tool-loop.ts'

const messages: Anthropic.MessageParam[] = [{ role: 'user', content: 'Hi there' }]
const max_tokens = 100

/** The SDK as people use it: with its two retries of its own. */
function clientOf({ url }: { url: string }): Anthropic {
  return new Anthropic({ baseURL: url, apiKey: 'client-key' })
}

let gateway: Started
let client: Anthropic
beforeAll(async () => {
  gateway = await start({
    config: ([url = '']) => ({ providers: [anthropicWire(url), compatible(url, { models: ['chat-only'] })] }),
  })
  client = clientOf(gateway)
})
afterAll(() => gateway.close())

test('a message is answered, with the upstream’s own body', async () => {
  const before = gateway.outcomes.length
  const { data: message, request_id } = await client.messages
    .create({ model: 'mock-echo', max_tokens, messages })
    .withResponse()
  expect(message.content).toEqual([{ type: 'text', text: 'Hi there' }])
  expect(message).toMatchObject({
    stop_reason: 'end_turn',
    usage: { input_tokens: 2, output_tokens: 2 },
  })
  expect(message).not.toHaveProperty('_proxy_info')
  const outcome = await gateway.ended(before + 1)
  expect(outcome).toMatchObject({ operation: 'messages', ending: 'complete', usage: { input: 2, output: 2 } })
  expect(request_id).toBe(outcome.requestId)
})

test('the client’s key is not the upstream’s', async () => {
  await client.messages.create({ model: 'mock-fixed', max_tokens, messages })
  const { headers } = gateway.upstreams[0]!.requests.at(-1)!
  expect(headers['x-api-key']).toBe('test-key')
  expect(JSON.stringify(headers)).not.toContain('client-key')
})

test('a message is streamed', async () => {
  const stream = client.messages.stream({ model: 'mock-chunks-20', max_tokens, messages })
  const deltas: string[] = []
  stream.on('text', (text) => deltas.push(text))
  const message = await stream.finalMessage()
  expect(deltas.length).toBeGreaterThanOrEqual(20)
  expect(message.content).toMatchObject([{ type: 'text', text: deltas.join('') }])
  expect(message.usage.input_tokens).toBe(2)
  expect(message.stop_reason).toBe('end_turn')
})

test('thinking is streamed with its signature', async () => {
  const message = await client.messages
    .stream({ model: 'mock-reasoning', max_tokens, messages })
    .finalMessage()
  expect(message.content).toMatchObject([
    { type: 'thinking', thinking: 'The mock model thinks it over.', signature: 'bW9jay1zaWduYXR1cmU=' },
    { type: 'text', text: 'Hello from the mock model.' },
  ])
})

test.each(['whole', 'streamed'])('parallel tools loop to an answer, %s', async (form) => {
  const tools = Object.keys(toolResults).map((name) => ({ name, input_schema: cityParameters }))
  const ask = (conversation: Anthropic.MessageParam[]) => {
    const body = { model: 'mock-tools-2', max_tokens, messages: conversation, tools }
    return form === 'whole' ? client.messages.create(body) : client.messages.stream(body).finalMessage()
  }
  const first = await ask(messages)
  expect(first.stop_reason).toBe('tool_use')
  const calls = first.content.filter((block) => block.type === 'tool_use')
  expect(calls.map(({ name, input }) => ({ name, input }))).toEqual([
    { name: 'get_weather', input: cityArguments },
    { name: 'get_time', input: cityArguments },
  ])
  const results = calls.map(({ id, name }) => ({
    type: 'tool_result' as const,
    tool_use_id: id,
    content: toolResults[name]!,
  }))
  const last = await ask([
    ...messages,
    { role: 'assistant', content: first.content },
    { role: 'user', content: results },
  ])
  expect(last.content).toMatchObject([{ type: 'text', text: 'The tool said: sunny noon' }])
})

describe('errors', () => {
  test.each([
    { model: 'mock-error-400', type: BadRequestError, status: 400, kind: 'invalid_request_error' },
    { model: 'mock-context-length', type: BadRequestError, status: 400, kind: 'invalid_request_error' },
    { model: 'nobody-has-this', type: NotFoundError, status: 404, kind: 'not_found_error' },
    { model: 'chat-only', type: APIError, status: 501, kind: 'api_error' },
    { model: 'mock-error-401', type: APIError, status: 502, kind: 'api_error' },
    { model: 'mock-error-529', type: APIError, status: 503, kind: 'overloaded_error' },
    { model: 'mock-html-502', type: APIError, status: 502, kind: 'api_error' },
    { model: 'mock-first-error-error-529', type: APIError, status: 503, kind: 'overloaded_error' },
    { model: 'mock-first-error', type: APIError, status: 502, kind: 'api_error' },
  ])('$model is $status in the dialect, after one attempt', async ({ model, type, status, kind }) => {
    for (const stream of [false, true]) {
      const before = gateway.outcomes.length
      const asked = client.messages.create({ model, max_tokens, messages, stream })
      const error: unknown = await asked.catch((error: unknown) => error)
      expect(error).toBeInstanceOf(type)
      expect(error).toMatchObject({ status, error: { type: 'error', error: { type: kind } } })
      expect(gateway.outcomes).toHaveLength(before + 1)
      expect(error).toHaveProperty('requestID', gateway.outcomes.at(-1)?.requestId)
    }
  })

  test.each(['mock-error-after-2', 'mock-cut-after-2', 'mock-no-done'])(
    'a stream that fails after it began (%s) throws behind its text, and is not asked for again',
    async (model) => {
      const before = gateway.outcomes.length
      const stream = client.messages.stream({ model, max_tokens, messages })
      let text = ''
      stream.on('text', (delta) => {
        text += delta
      })
      await expect(stream.finalMessage()).rejects.toBeInstanceOf(APIError)
      expect(text).not.toBe('')
      await gateway.ended(before + 1)
      expect(gateway.outcomes).toHaveLength(before + 1)
    },
  )
})

test('aborting a stream ends the upstream’s generation', async () => {
  const before = gateway.outcomes.length
  const stream = client.messages.stream({ model: 'mock-chunks-500-gap-20', max_tokens, messages })
  stream.on('text', () => stream.abort())
  await expect(stream.finalMessage()).rejects.toBeInstanceOf(APIUserAbortError)
  expect(await gateway.ended(before + 1)).toMatchObject({ ending: 'client_gone' })
  await gateway.upstreams[0]!.waitFor(({ aborted }) => aborted, 5000)
})

test('on silence the stream gets the dialect’s own ping, and the SDK reads past it', async () => {
  await using slow = await start({
    config: ([url = '']) => ({ keepalive_interval: 0.05, providers: [anthropicWire(url)] }),
  })
  const model = 'mock-chunks-2-latency-150-gap-150'
  const body = { model, max_tokens, messages, stream: true as const }
  const response = await clientOf(slow).messages.create(body).asResponse()
  const text = await response.text()
  expect(text.match(/^event: ping\ndata: \{"type": "ping"\}\n\n/gm)!.length).toBeGreaterThanOrEqual(2)
  expect(text).not.toMatch(/^:/m)
  const message = await clientOf(slow).messages.stream(body).finalMessage()
  expect(message.content).toHaveLength(1)
})

test('beta headers and unknown fields reach the upstream', async () => {
  await client.beta.messages.create({
    model: 'mock-fixed',
    max_tokens,
    messages: [{ role: 'user', content: 'Hi' }],
    betas: ['interleaved-thinking-2025-05-14'],
  })
  const { headers, path } = gateway.upstreams[0]!.requests.at(-1)!
  expect(headers['anthropic-beta']).toContain('interleaved-thinking-2025-05-14')
  expect(path).toMatch(/^\/v1\/messages/)
})

test('the bytes of a body reach the upstream, and its answer the client, as they are', async () => {
  const answer =
    '{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[ ],"usage":{"input_tokens":1.0}}\n'
  await using upstream = await startRawUpstream(() => ({
    headers: { 'content-type': 'application/json' },
    steps: [answer],
  }))
  await using raw = await start({
    mocks: 0,
    config: () => ({ providers: [anthropicWire(upstream.url)] }),
  })
  const body = `{ "max_tokens":10.0,"messages":[{"content":"\\u00e9","role":"user"}],"model":"mock-any","odd":1e2}`
  const response = await fetch(`${raw.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': 'client-key' },
    body,
  })
  expect(await response.text()).toBe(answer)
  expect(upstream.requests[0]!.body.toString()).toBe(body)
})
