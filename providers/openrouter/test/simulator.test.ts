import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, { createGateway })
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
}))
const model = 'openai/gpt-4o'
const question = (text: string) => ({ model, messages: [{ role: 'user', content: text }] })
const text = 'Grüße 👋🏽 from the vendor'

describe('chat', () => {
  test('answers, whole and streamed, several at once', async () => {
    const body = { ...question('Hello'), n: 2, debug: { echo_upstream_body: true } }
    expect(await ask('chat', body)).toMatchObject({
      provider: 'OpenAI',
      choices: [{ message: { content: text }, native_finish_reason: 'STOP' }, { message: { content: text } }],
      usage: { cost: 0.00012 },
    })
    const streamed = collectChunks(await chunks('chat', body))
    for (const index of [0, 1])
      expect(streamed.get(index)).toMatchObject({ content: text, finishReasons: ['stop'] })
  })

  test.each([
    ['[tools:2]', '{"city":"Rome"}'],
    ['[tools:2] [no-arguments]', '{}'],
  ])('calls tools, whole and streamed, each with an id: %s', async (directive, given) => {
    const { calls, message } = await stage.toolCalls({
      ...question(directive),
      tools,
      parallel_tool_calls: true,
    })
    expect(message.content).toBeNull()
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get_time', arguments: given },
    ])
    expect(message.tool_calls?.map(({ id }) => id)).toEqual(Array(2).fill(expect.stringMatching(/^call_/)))
  })

  test('thinks, whole and streamed, and is cut by the limit', async () => {
    const body = question('[reasoning] [length]')
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'length' }],
    })
    const all = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 30, cost: 0.00012 } })
    expect(collectChunks(all).get(0)).toMatchObject({
      content: text,
      reasoning: 'Let me think.',
      finishReasons: ['length'],
    })
  })

  test('functions of old clients are called too', async () => {
    const body = { ...question('[tools:1]'), functions: [{ name: 'get_weather' }] }
    const called = { name: 'get_weather', arguments: '{"city":"Rome"}' }
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { function_call: called }, finish_reason: 'function_call' }],
    })
  })
})

describe('the other operations', () => {
  test('completions go over chat', async () => {
    const body = { model, prompt: ['a', 'b'] }
    expect(await ask('completions', body)).toMatchObject({ choices: [{ text }, { text }] })
    expect(simulator.requests.map(({ path }) => path)).toEqual(
      Array<string>(2).fill('/api/v1/chat/completions'),
    )
    expect(collectChunks(await chunks('completions', { model, prompt: 'a' })).get(0)?.content).toBe(text)
  })

  test('embeddings, as numbers and as base64', async () => {
    const body = { model: 'openai/text-embedding-3-small', input: ['a', 'b'] }
    expect(await ask('embeddings', body)).toMatchObject({ data: [{ embedding: [0.5, -0.25] }, {}] })
    const encoded = await ask('embeddings', { ...body, encoding_format: 'base64' })
    expect(encoded).toMatchObject({ data: [{ embedding: 'AAAAPwAAgL4=' }, {}] })
  })

  test('images, also when they are asked for in older words', async () => {
    const body = { model: 'openai/gpt-image-1', prompt: 'A cat', quality: 'hd', response_format: 'url', n: 2 }
    expect(await ask('images', body)).toMatchObject({ data: [{ b64_json: 'iVBORw0KGgo=' }, {}] })
  })

  test('videos: a job is asked about until it is completed, at the configured address only', async () => {
    const answer = await ask('videos', { model: 'google/veo-3', prompt: 'A cat', duration: 8 })
    expect(answer).toMatchObject({ data: [{ url: 'https://example.com/job_1.mp4' }], usage: { cost: 0.4 } })
    expect(simulator.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/videos',
      'GET /api/v1/videos/job_1',
      'GET /api/v1/videos/job_1',
    ])
  })
})

test('none of 150 generated conversations is refused', async () => {
  expect(await stage.converse({ model, seed: 17, count: 150 })).toEqual([])
})

test('the key is what the health check asks about', async () => {
  expect(await gateway.probe()).toMatchObject([{ verdict: { status: 'healthy' } }])
  expect(simulator.requests.map(({ path }) => path)).toEqual(['/api/v1/key'])
})
