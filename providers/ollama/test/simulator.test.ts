import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: (url) => ({
    layer: { api_key: 'test-key' },
    native: { base_url: url, api: 'native', num_ctx: 8192, keep_alive: '5m' },
  }),
})
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

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
    const streamed = await chunks('chat', { ...body, stream_options: { include_usage: true } })
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
    ['[tools:2]', '{"city":"Rome"}'],
    ['[tools:2][no-arguments]', '{}'],
  ])('calls tools, whole and streamed: %s', async (directive, given) => {
    const { calls, message } = await stage.toolCalls({ model, messages: question(directive), tools })
    expect(message).toMatchObject({ content: null })
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get_time', arguments: given },
    ])
  })
})

test('completions have an endpoint of their own, one prompt at a time', async () => {
  const body = { model: 'layer/llama3.2', prompt: 'Hello', user: 'u' }
  expect(await ask('completions', body)).toMatchObject({ choices: [{ text }] })
  const streamed = await chunks('completions', { ...body, stream_options: { include_usage: true } })
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

test('an image that would have to be fetched is answered 501, and nothing is sent', async () => {
  const messages = [
    { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] },
  ]
  expect(await stage.fails('chat', { model: 'layer/llama3.2', messages })).toMatchObject({
    status: 501,
    error: { message: expect.stringContaining('data URL') as string },
  })
  expect(simulator.requests).toEqual([])
})

test.each(['layer/llama3.2', 'native/llama3.2'])(
  'none of 100 generated conversations is refused for %s',
  async (model) => {
    expect(await stage.converse({ model, seed: 13, count: 100 })).toEqual([])
  },
)

test('the server is well by its version, beside the OpenAI layer', async () => {
  const reports = await gateway.probe()
  expect(reports.map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy'])
})
