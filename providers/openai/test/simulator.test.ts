import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, { createGateway })
const { simulator, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
}))
const question = (text: string) => [{ role: 'user', content: text }]
const text = 'Grüße 👋🏽 from the vendor'

describe('chat', () => {
  test.each(['gpt-4o', 'o3', 'gpt-5.1'])('%s answers, whole and streamed', async (model) => {
    const body = { model, messages: question('Hello'), max_tokens: 50, temperature: 0.3, stop: 'END' }
    expect(await ask('chat', body)).toMatchObject({ choices: [{ message: { content: text } }] })
    const choice = collectChunks(await chunks('chat', body)).get(0)
    expect(choice).toMatchObject({ content: text, finishReasons: ['stop'] })
  })

  test('calls tools, whole and streamed', async () => {
    const body = { model: 'gpt-4o', messages: question('[tools:2]'), tools, parallel_tool_calls: true }
    const { calls, message } = await stage.toolCalls(body)
    expect(message).toMatchObject({ content: null })
    expect(calls).toEqual([
      { name: 'get_weather', arguments: '{"city":"Zürich"}' },
      { name: 'get_time', arguments: '{"city":"Zürich"}' },
    ])
  })
})

describe('the other operations', () => {
  test('completions: the endpoint itself, and chat for other models', async () => {
    const native = { model: 'gpt-3.5-turbo-instruct', prompt: ['a', 'b'] }
    expect(await ask('completions', native)).toMatchObject({ choices: [{ text }, { text }] })
    expect(simulator.requests.map(({ path }) => path)).toEqual(['/v1/completions'])
    expect(await chunks('completions', native)).toHaveLength(4)
    simulator.reset()
    const bridged = await ask('completions', { ...native, model: 'gpt-4o' })
    expect(bridged).toMatchObject({
      choices: [
        { index: 0, text },
        { index: 1, text },
      ],
    })
    expect(simulator.requests.map(({ path }) => path)).toEqual(Array<string>(2).fill('/v1/chat/completions'))
  })

  test('embeddings, as numbers and as base64', async () => {
    const body = { model: 'text-embedding-3-small', input: ['a', 'b'] }
    expect(await ask('embeddings', body)).toMatchObject({ data: [{ embedding: [0.5, -0.25, 1] }, {}] })
    const encoded = await ask('embeddings', { ...body, encoding_format: 'base64' })
    expect(encoded).toMatchObject({ data: [{ embedding: 'AAAAPwAAgL4AAIA/' }, {}] })
  })

  test('images, also when they are asked for in a way that the model refuses', async () => {
    const body = { model: 'gpt-image-1', prompt: 'A cat', response_format: 'url', stream: true, n: 2 }
    expect(await ask('images', body)).toMatchObject({ data: [{ b64_json: 'iVBORw0KGgo=' }, {}] })
  })

  test('videos: a form, a job, its file', async () => {
    const reference = 'data:image/png;base64,iVBORw0KGgo='
    const body = { model: 'sora-2', prompt: 'Eine Kätze', seconds: 8, input_reference: reference }
    expect(await ask('videos', body)).toMatchObject({
      id: 'video_1',
      seconds: '8',
      created: 1_760_000_000,
      data: [{ b64_json: 'AAEC/w==', mime_type: 'video/mp4' }],
    })
    expect(simulator.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/videos',
      ...Array<string>(3).fill('GET /v1/videos/video_1'),
      'GET /v1/videos/video_1/content',
    ])
  })
})

test.each(['gpt-4o', 'o3'])('%s refuses none of 100 generated conversations', async (model) => {
  expect(await stage.converse({ model, seed: 11, count: 100 })).toEqual([])
})
