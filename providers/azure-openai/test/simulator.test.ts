import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage, wireProblems } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

/** One provider for each way to reach the same resource; clients name it in front of the model. */
const ways = {
  dated: {},
  spec: { api_version: '2023-12-01-preview', deployment_id: 'gpt-4-deployment' },
  v1: { api_version: undefined },
  entra: { auth: 'bearer', api_version: 'preview' },
  reasoning: { api_version: '2025-04-01-preview', base_model: { 'reasoning-deployment': 'o3' } },
  batches: { max_inputs: 2 },
  native: { completions: 'native' },
}

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: () => ways,
})
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const asked = () => simulator.requests.map(({ method, path, query }) => [method, path, query.toString()])
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
}))
const question = (text: string) => [{ role: 'user', content: text }]
const text = 'Grüße 👋🏽 from the vendor'

describe('chat', () => {
  const messages = question('Hello')

  test('of the specification: path, version, header and body to the byte', async () => {
    const body =
      '{"model": "gpt-4-deployment", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 100}'
    const own = JSON.parse(body) as object
    await ask('chat', { ...own, model: 'spec/gpt-4-deployment' })
    expect(asked()).toEqual([
      ['POST', '/openai/deployments/gpt-4-deployment/chat/completions', 'api-version=2023-12-01-preview'],
    ])
    expect(simulator.requests[0]?.body).toEqual(own)
    expect(simulator.requests[0]?.headers).toMatchObject({ 'api-key': 'test-key' })
    expect(simulator.requests[0]?.headers).not.toHaveProperty('authorization')
  })

  test('the configured deployment wins, however the model is called', async () => {
    for (const model of ['spec/gpt-4', 'spec/anything']) await ask('chat', { model, messages })
    expect(simulator.requests.map(({ body }) => (body as { model: string }).model)).toEqual([
      'gpt-4-deployment',
      'gpt-4-deployment',
    ])
  })

  test('v1: the deployment stands in the body only, and the token in a header of its own', async () => {
    await ask('chat', { model: 'v1/my-deployment', messages })
    await ask('chat', { model: 'entra/my-deployment', messages })
    expect(asked()).toEqual([
      ['POST', '/openai/v1/chat/completions', ''],
      ['POST', '/openai/v1/chat/completions', 'api-version=preview'],
    ])
    expect(simulator.requests[1]?.headers).toMatchObject({ authorization: 'Bearer test-key' })
  })

  test('the results of filters stay, and the frame without a choice is left out', async () => {
    const whole = await ask('chat', { model: 'dated/d', messages })
    expect(whole).toMatchObject({
      choices: [{ content_filter_results: { hate: { severity: 'safe' } } }],
      prompt_filter_results: [{ prompt_index: 0 }],
    })
    const frames = await chunks('chat', {
      model: 'dated/d',
      messages,
      stream_options: { include_usage: true },
    })
    expect(frames.flatMap((frame) => wireProblems('chat.chunk', frame))).toEqual([])
    expect(frames[0]).toMatchObject({ id: 'chatcmpl-simulated', model: 'gpt-4o-2024-11-20' })
    expect(frames[1]).toMatchObject({ choices: [{ content_filter_results: { hate: { severity: 'safe' } } }] })
    expect(frames.at(-1)).toMatchObject({ choices: [], usage: whole['usage'] })
    expect(collectChunks(frames).get(0)).toMatchObject({ content: text, finishReasons: ['stop'] })
  })

  test('an answer without any content is one of the filter', async () => {
    const body = { model: 'dated/d', messages: question('[filtered]') }
    const choices = [{ message: { role: 'assistant', content: '' }, finish_reason: 'content_filter' }]
    expect(await ask('chat', body)).toMatchObject({ choices })
    const choice = collectChunks(await chunks('chat', body)).get(0)
    expect(choice).toMatchObject({ finishReasons: ['content_filter'] })
  })

  test('calls tools, whole and streamed', async () => {
    const body = { model: 'dated/d', messages: question('[tools:2]'), tools }
    const { calls } = await stage.toolCalls(body)
    expect(calls.map(({ name }) => name)).toEqual(['get_weather', 'get_time'])
  })

  test('a model that reasons gets what it takes', async () => {
    const body = { messages, max_tokens: 9, temperature: 0.2, reasoning_effort: 'low', stop: 'END' }
    const answer = await gateway.respond('chat', { ...body, model: 'reasoning/reasoning-deployment' })
    expect(answer.headers['x-llmproxy-dropped']?.split(/, ?/).toSorted()).toEqual(['stop', 'temperature'])
    await answer.text()
    expect(simulator.requests[0]?.body).toEqual({
      model: 'reasoning-deployment',
      messages,
      max_completion_tokens: 9,
      reasoning_effort: 'low',
    })
  })
})

describe('the other operations', () => {
  test('completions go over chat, or to the endpoint where the deployments have it', async () => {
    expect(await ask('completions', { model: 'dated/d', prompt: ['a', 'b'] })).toMatchObject({
      choices: [
        { index: 0, text },
        { index: 1, text },
      ],
    })
    simulator.reset()
    expect(await ask('completions', { model: 'native/d', prompt: 'a' })).toMatchObject({
      choices: [{ text }],
    })
    expect(await chunks('completions', { model: 'native/d', prompt: 'a' })).toHaveLength(2)
    expect(asked().map(([, path]) => path)).toEqual(
      Array<string>(2).fill('/openai/deployments/d/completions'),
    )
  })

  test('embeddings, in batches where the deployment takes few inputs', async () => {
    const body = { input: ['a', 'b', 'c', 'd', 'e'], model: 'batches/e' }
    for (const [encoding_format, first] of [
      ['float', [0.5, -0.25, 1]],
      ['base64', 'AAAAPwAAgL4AAIA/'],
    ]) {
      const answer = await ask('embeddings', { ...body, encoding_format })
      expect(answer).toMatchObject({
        data: [0, 1, 2, 3, 4].map((index) => ({ index, embedding: first })),
        usage: { prompt_tokens: 15, total_tokens: 15 },
      })
    }
    const sizes = simulator.requests.map(({ body: sent }) => (sent as { input: string[] }).input.length)
    expect(sizes).toEqual([2, 2, 1, 2, 2, 1])
  })

  test('images', async () => {
    const body = { model: 'dated/image-deployment', prompt: 'A cat', response_format: 'b64_json' }
    expect(await ask('images', body)).toMatchObject({ data: [{ b64_json: 'iVBORw0KGgo=' }] })
    expect(asked()).toEqual([
      ['POST', '/openai/deployments/image-deployment/images/generations', 'api-version=2024-10-21'],
    ])
  })

  test('videos, which only v1 has', async () => {
    expect(await ask('videos', { model: 'entra/film', prompt: 'A cat' })).toMatchObject({
      id: 'video_1',
      data: [{ b64_json: 'AAEC/w==', mime_type: 'video/mp4' }],
    })
    expect(asked().at(-1)).toEqual(['GET', '/openai/v1/videos/video_1/content', 'api-version=preview'])
    expect((await stage.fails('videos', { model: 'dated/film', prompt: 'A cat' })).status).toBe(501)
  })
})

test.each(Object.keys(ways).slice(0, 5))('%s: none of 40 generated conversations is refused', async (way) => {
  const name = way === 'reasoning' ? 'reasoning-deployment' : 'gpt-4-deployment'
  expect(await stage.converse({ model: `${way}/${name}`, seed: 12, count: 40 })).toEqual([])
})
