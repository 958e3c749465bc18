import { createGateway, type Gateway } from '@llmproxy/core'
import {
  collectChunks,
  generatedConversations,
  parseSse,
  type Simulator,
} from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

type Operation = Parameters<Gateway['respond']>[0]

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  const shared = { type: vendor.type, models: ['*'], max_retries: 0 }
  gateway = await createGateway(
    {
      rate_limits: { chat: null },
      providers: [
        { name: 'layer', ...shared, ...vendor.options(simulator.url), api_key: 'test-key' },
        {
          name: 'native',
          ...shared,
          base_url: simulator.url,
          api: 'native',
          num_ctx: 8192,
          keep_alive: '5m',
        },
      ],
    },
    { plugins: [plugin] },
  )
})
afterAll(async () => {
  await gateway.close()
  await simulator.close()
})
afterEach(() => {
  const [refused] = simulator.violations
  simulator.reset()
  if (refused !== undefined) throw new Error(`the server has refused a request: ${refused.message}`)
})

async function ask(operation: Operation, body: object): Promise<Record<string, unknown>> {
  const answer = await gateway.respond(operation, body)
  const text = await answer.text()
  expect([answer.status, text]).toEqual([200, expect.any(String)])
  return JSON.parse(text) as Record<string, unknown>
}

async function chunks(operation: Operation, body: object): Promise<readonly unknown[]> {
  const asked = { ...body, stream: true, stream_options: { include_usage: true } }
  const answer = await gateway.respond(operation, asked)
  const events = parseSse(await answer.text()).map(({ data }) => data)
  expect(events.at(-1)).toBe('[DONE]')
  return events.slice(0, -1).map((data) => JSON.parse(data) as unknown)
}

const tools = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
const question = (text: string) => [{ role: 'user', content: text }]
const text = 'Grüße 👋🏽 from the vendor'

describe.each(['layer/llama3.2', 'native/llama3.2'])('chat with %s', (model) => {
  test('answers, whole and streamed', async () => {
    const body = { model, messages: question('Hello [reasoning]'), reasoning_effort: 'high', user: 'u' }
    const usage = { prompt_tokens: 26, completion_tokens: 8, total_tokens: 34 }
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'stop' }],
      usage,
    })
    const streamed = await chunks('chat', body)
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage })
    expect(collectChunks(streamed).get(0)).toMatchObject({
      content: text,
      reasoning: 'Let me think.',
      finishReasons: ['stop'],
    })
    expect(await ask('chat', { model, messages: question('[length]') })).toMatchObject({
      choices: [{ finish_reason: 'length' }],
    })
  })

  test.each([
    ['[tools:2]', { city: 'Rome' }],
    ['[tools:2][no-arguments]', {}],
  ])('calls tools, whole and streamed: %s', async (directive, expected) => {
    const body = { model, messages: question(directive), tools }
    const calls = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
    })
    const streamed = collectChunks(await chunks('chat', body)).get(0)
    expect(streamed?.finishReasons).toEqual(['tool_calls'])
    const given = streamed?.toolCalls.map((call) => JSON.parse(call.arguments) as unknown)
    expect(given).toEqual([expected, expected])
  })

  test('none of 300 generated conversations is refused', async () => {
    const failed: unknown[] = []
    for (const [index, conversation] of generatedConversations(13, 300).entries()) {
      const stream = index % 2 === 1
      const answer = await gateway.respond('chat', { ...conversation, model, stream })
      const body = await answer.text()
      if (answer.status !== 200 || (stream && !body.endsWith('data: [DONE]\n\n')))
        failed.push([body, conversation])
    }
    expect(failed).toEqual([])
  })
})

test('completions have an endpoint of their own, one prompt at a time', async () => {
  const body = { model: 'layer/llama3.2', prompt: 'Hello', user: 'u' }
  expect(await ask('completions', body)).toMatchObject({ choices: [{ text }] })
  const streamed = await chunks('completions', body)
  expect(streamed.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 34 } })
  const several = await ask('completions', { ...body, prompt: ['One', 'Two'] })
  expect(several).toMatchObject({ choices: [{ index: 0 }, { index: 1 }], usage: { total_tokens: 68 } })
})

test('embeddings, as numbers and as base64', async () => {
  const body = { model: 'layer/nomic-embed-text', input: ['a', 'b'], user: 'u' }
  expect(await ask('embeddings', body)).toMatchObject({
    data: [{ embedding: [0.5, -0.25, 1] }, { index: 1 }],
  })
  const encoded = await ask('embeddings', { ...body, encoding_format: 'base64' })
  expect(encoded).toMatchObject({ data: [{ embedding: 'AAAAPwAAgL4AAIA/' }, {}] })
})

test('the server is well by its version, beside the OpenAI layer', async () => {
  const reports = await gateway.probe()
  expect(reports.map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy'])
})

test('an image that would have to be fetched is answered 501, and nothing is sent', async () => {
  const messages = [
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] },
  ]
  const answer = await gateway.respond('chat', { model: 'layer/llama3.2', messages })
  expect([answer.status, await answer.text()]).toEqual([501, expect.stringContaining('data URL')])
  expect(simulator.requests).toEqual([])
})
