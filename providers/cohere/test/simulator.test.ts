import { createGateway } from '@llmproxy/core'
import { collectChunks, type ConversationTraits, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: () => ({ it: {}, old: { api: 'generate' } }),
})
const { simulator, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const model = 'it/command-a-03-2025'
const tools = ['get_weather', 'get-time'].map((name) => ({ type: 'function', function: { name } }))
const question = (text: string) => [{ role: 'user', content: text }]
const text = 'Grüße 👋🏽 from the vendor'

describe('chat', () => {
  test('answers, whole and streamed', async () => {
    const body = {
      model,
      messages: question('Hello [reasoning]'),
      max_completion_tokens: 50,
      top_p: 1,
      stop: 'END',
    }
    const message = { content: text, reasoning_content: 'Let me think.' }
    const usage = { prompt_tokens: 507, prompt_tokens_details: { cached_tokens: 448 } }
    expect(await ask('chat', body)).toMatchObject({ choices: [{ message }], usage })
    const streamed = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage })
    const choice = collectChunks(streamed).get(0)
    expect(choice).toMatchObject({ content: text, reasoning: 'Let me think.', finishReasons: ['stop'] })
  })

  test.each([
    ['[tools:2]', '{"city": "Zürich"}'],
    ['[tools:2][no-arguments]', '{}'],
  ])('calls tools under the names of the client, whole and streamed: %s', async (directive, given) => {
    const { calls, message, streamed } = await stage.toolCalls({
      model,
      messages: question(directive),
      tools,
    })
    expect(message).toMatchObject({ content: null, reasoning_content: 'I will look it up.' })
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get-time', arguments: given },
    ])
    expect(streamed.reasoning).toBe('I will look it up.')
  })

  test('is cut by the token limit', async () => {
    const body = { model, messages: question('[length]') }
    expect(await ask('chat', body)).toMatchObject({ choices: [{ finish_reason: 'length' }] })
    expect(collectChunks(await chunks('chat', body)).get(0)?.finishReasons).toEqual(['length'])
  })
})

test('completions go over chat', async () => {
  const body = { model, prompt: 'Hello' }
  expect(await ask('completions', body)).toMatchObject({ choices: [{ text }] })
  expect(await chunks('completions', body)).not.toEqual([])
})

describe('embeddings', () => {
  test('come as numbers and as base64', async () => {
    const body = { model: 'it/embed-v4.0', input: ['a', 'b'], input_type: 'search_query' }
    expect(await ask('embeddings', body)).toMatchObject({
      data: [{ embedding: [0.5, -0.25, 1] }, { index: 1 }],
    })
    const encoded = await ask('embeddings', { ...body, encoding_format: 'base64' })
    expect(encoded).toMatchObject({ data: [{ embedding: 'AAAAPwAAgL4AAIA/' }, {}] })
  })

  test('of many texts are asked for in several calls', async () => {
    const input = Array.from({ length: 200 }, (_, index) => `text ${index}`)
    const answer = await ask('embeddings', { model: 'it/embed-v4.0', input })
    expect(answer['data']).toHaveLength(200)
    expect(answer).toMatchObject({ usage: { prompt_tokens: 800, total_tokens: 800 } })
    const sent = simulator.requests.map(({ body }) => (body as { texts: string[] }).texts.length)
    expect(sent.toSorted((first, second) => second - first)).toEqual([96, 96, 8])
  })
})

describe('the old wire format', () => {
  test('sends prompt and limit to the byte', async () => {
    const body = { model: 'old/command-xlarge-nightly', messages: question('Hello'), max_tokens: 100 }
    expect(await ask('chat', body)).toMatchObject({ choices: [{ message: { content: text } }] })
    const [request] = simulator.requests
    expect(request?.path).toBe('/v1/generate')
    expect(request?.bytes.toString()).toBe(
      '{"model":"command-xlarge-nightly","prompt":"User: Hello\\n\\nAssistant: ","max_tokens":100}',
    )
  })

  test('gives several answers, and makes a stream of a whole one', async () => {
    const body = { model: 'old/command-light', messages: question('Hello'), n: 2, stop: 'END' }
    expect((await ask('chat', body))['choices']).toHaveLength(2)
    const choices = collectChunks(await chunks('chat', body))
    expect([...choices.values()].map(({ content }) => content)).toEqual([text, text])
  })

  test('serves completions, and nothing else', async () => {
    expect(await ask('completions', { model: 'old/command-light', prompt: 'Hello' })).toMatchObject({
      choices: [{ text }],
    })
    const embeddings = await stage.fails('embeddings', { model: 'old/x', input: 'a' })
    const withTools = await stage.fails('chat', { model: 'old/x', messages: question('Hi'), tools })
    expect([embeddings.status, withTools.status]).toEqual([501, 501])
  })
})

test.each<[string, ConversationTraits]>([
  [model, {}],
  ['old/command-light', { tools: false, images: false }],
])('none of 100 generated conversations is refused for %s', async (name, traits) => {
  expect(await stage.converse({ model: name, seed: 7, count: 100, traits })).toEqual([])
})

describe('the simulator refuses what the vendor refuses', () => {
  const hi = question('Hi')
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }

  test.each([
    ['a temperature above 1', '/v2/chat', { messages: hi, temperature: 1.5 }],
    ['both penalties', '/v2/chat', { messages: hi, frequency_penalty: 0.1, presence_penalty: 0.1 }],
    ['a name with a dash', '/v2/chat', { messages: hi, tools: [tools[1]] }],
    [
      'text beside calls',
      '/v2/chat',
      { messages: [{ role: 'assistant', content: 'a', tool_calls: [call] }] },
    ],
    [
      'a result without its call',
      '/v2/chat',
      { messages: [{ role: 'tool', tool_call_id: 'a', content: '' }] },
    ],
    ['a tool choice in small letters', '/v2/chat', { messages: hi, tools, tool_choice: 'required' }],
    ['97 texts', '/v2/embed', { texts: Array(97).fill('a'), input_type: 'search_query' }],
    ['embeddings for nothing', '/v2/embed', { texts: ['a'], embedding_types: ['float'] }],
    ['messages in the old format', '/v1/generate', { messages: hi }],
  ])('%s', async (_, path, body) => {
    const headers = { authorization: 'Bearer test-key' }
    const answer = await stage.direct({ path, headers, body: { model: 'command-a-03-2025', ...body } })
    expect(answer).toMatchObject({ status: 400, refusal: expect.any(String) as string })
  })
})
