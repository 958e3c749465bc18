import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: (url) => ({ it: { base_url: url } }),
})
const { simulator, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const tools = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
const question = (text: string) => [{ role: 'user', content: text }]
const text = 'Grüße 👋🏽 from the vendor'

describe.each(['gemini-3-pro-preview', 'gemini-2.5-flash'])('chat with %s', (model) => {
  test('answers, whole and streamed', async () => {
    const body = { model, messages: question('Hello [reasoning]'), reasoning_effort: 'high' }
    const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 }
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
  })

  test.each([
    ['[tools:2]', '{"city":"Rome"}'],
    ['[tools:2][no-arguments]', '{}'],
  ])('calls tools, whole and streamed, and takes the signature back: %s', async (directive, given) => {
    const messages = question(directive)
    const { calls, message } = await stage.toolCalls({ model, messages, tools })
    expect(message).toMatchObject({ content: null })
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get_time', arguments: given },
    ])
    const results = message.tool_calls!.map(({ id }) => ({
      role: 'tool',
      tool_call_id: id,
      content: 'sunny',
    }))
    await ask('chat', { model, messages: [...messages, message, ...results.toReversed()], tools })
    const { contents } = simulator.requests.at(-1)!.body as { contents: { parts: object[] }[] }
    expect(contents[1]?.parts[0]).toHaveProperty('thoughtSignature', 'c2lnbmVk')
  })

  test('several choices, whole and streamed', async () => {
    const body = { model, messages: question('Hello [length]'), n: 2 }
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ index: 0, finish_reason: 'length' }, { index: 1 }],
    })
    const choices = collectChunks(await chunks('chat', body))
    expect([...choices.values()].map(({ content }) => content)).toEqual([text, text])
  })
})

test('completions go over chat', async () => {
  const body = { model: 'gemini-2.5-flash', prompt: 'Hello' }
  expect(await ask('completions', body)).toMatchObject({ choices: [{ text }] })
  expect(await chunks('completions', body)).not.toEqual([])
})

test('embeddings of one text, of a list, and of a list that is too long for one call', async () => {
  const model = 'gemini-embedding-001'
  const one = await ask('embeddings', { model, input: 'a', dimensions: 2 })
  expect(one).toMatchObject({ data: [{ index: 0, embedding: [-0.25, 0.25] }] })
  const encoded = await ask('embeddings', { model, input: ['a', 'b'], encoding_format: 'base64' })
  expect(encoded).toMatchObject({ data: [{ embedding: expect.any(String) as string }, { index: 1 }] })
  const long = await ask('embeddings', { model, input: Array.from({ length: 250 }, () => 'a') })
  expect(long.data.map(({ index }) => index)).toEqual(Array.from({ length: 250 }, (_, index) => index))
})

test.each(['gemini-3-pro-preview', 'gemini-2.5-flash'])(
  'none of 100 generated conversations is refused for %s',
  async (model) => {
    expect(await stage.converse({ model, seed: 11, count: 100 })).toEqual([])
  },
)

test('a wrong key is the operator’s fault, in answers and by the health check', async () => {
  await using stranger = await openVendorStage(plugin, vendor, {
    createGateway,
    providers: () => ({ it: { api_key: 'other-key' } }),
  })
  const body = { model: 'gemini-2.5-flash', messages: question('Hi') }
  expect(await stranger.fails('chat', body)).toMatchObject({ status: 502 })
  const [report] = await stranger.gateway.probe()
  expect(report?.verdict).toMatchObject({ status: 'unhealthy', reason: 'configuration' })
})
