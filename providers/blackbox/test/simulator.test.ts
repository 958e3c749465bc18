import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: (url) => ({ it: {}, other: { api: 'openai-images', base_url: `${url}/v1` } }),
})
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const paths = () => simulator.requests.map(({ method, path }) => `${method} ${path}`)
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
}))
const name = 'blackboxai/openai/gpt-4o'
const model = `it/${name}`
const other = `other/${name}`
const question = (text: string, name = model) => ({
  model: name,
  messages: [{ role: 'user', content: text }],
})
const text = 'Grüße 👋🏽 from the vendor'

describe('chat', () => {
  test('answers, whole and streamed, under the name that was asked for', async () => {
    const body = { ...question('Hello'), max_completion_tokens: 50, user: 'u' }
    expect(await ask('chat', body)).toMatchObject({
      model: name,
      upstream_model: 'openai/gpt-4o',
      choices: [{ message: { content: text }, finish_reason: 'stop' }],
    })
    const all = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(all.at(-1)).toMatchObject({ model: name, usage: { total_tokens: 30 } })
    expect(collectChunks(all).get(0)).toMatchObject({ content: text, finishReasons: ['stop'] })
    expect(JSON.stringify(all)).not.toContain('None')
  })

  test.each([
    ['[tools:2]', '{"city":"Rome"}'],
    ['[tools:2] [no-arguments]', '{}'],
  ])('calls tools, whole and streamed: %s', async (directive, given) => {
    const { calls, message } = await stage.toolCalls({ ...question(directive), tools })
    expect(message.content).toBeNull()
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get_time', arguments: given },
    ])
  })

  test('thinks, and is cut by the limit', async () => {
    expect(await ask('chat', question('[reasoning] [length]'))).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'length' }],
    })
    const choice = collectChunks(await chunks('chat', question('[reasoning] [length]'))).get(0)
    expect(choice).toMatchObject({ content: text, finishReasons: ['length'] })
  })
})

describe('the other operations', () => {
  test('completions go over chat', async () => {
    expect(await ask('completions', { model, prompt: 'a' })).toMatchObject({ choices: [{ text }] })
    expect(paths()).toEqual(['POST /chat/completions'])
  })

  test('pictures go over chat, one by one', async () => {
    const body = { model: 'it/blackboxai/black-forest-labs/flux-pro', prompt: 'A cat', n: 3, size: '512x512' }
    const answer = await gateway.respond('images', body)
    const url = 'https://replicate.delivery/xezq/tmp.webp'
    expect(JSON.parse(await answer.text())).toMatchObject({
      created: 1_760_000_000,
      data: [{ url }, { url }, { url }],
    })
    expect(answer.headers['x-llmproxy-dropped']).toBe('size')
    expect(paths()).toEqual(Array<string>(3).fill('POST /chat/completions'))
  })

  test('videos go over chat', async () => {
    const url = 'https://replicate.delivery/xezq/tmp.mp4'
    const body = { model: 'it/blackboxai/google/veo-2', prompt: 'A cat' }
    expect(await ask('videos', body)).toMatchObject({ data: [{ url }] })
  })
})

describe('the format with paths of their own', () => {
  test('pictures and videos', async () => {
    const image = { model: 'other/blackbox-alpha', prompt: 'A futuristic city', n: 2, size: '512x512' }
    const picture = { url: 'https://example.com/city.png' }
    expect(await ask('images', image)).toMatchObject({
      created: expect.any(Number) as number,
      data: [picture, picture],
    })
    expect(simulator.requests[0]?.body).toEqual({ ...image, model: 'blackbox-alpha' })
    const video = { model: 'other/blackbox-alpha', prompt: 'A futuristic city' }
    expect(await ask('videos', video)).toMatchObject({
      data: [{ url: 'https://example.com/city.mp4' }],
    })
    expect(paths()).toEqual(['POST /v1/images/generations', 'POST /v1/videos/generations'])
  })

  test('chat is asked for whole, and streamed by the gateway', async () => {
    const all = await chunks('chat', { ...question('[tools:1]', other), tools })
    expect(collectChunks(all).get(0)).toMatchObject({ finishReasons: ['tool_calls'] })
    const body = { ...question('Hello', other), stream_options: { include_usage: true } }
    const [first, ...rest] = await chunks('chat', body)
    expect(first).toMatchObject({ model: name, choices: [{ delta: { role: 'assistant', content: text } }] })
    expect(rest).toHaveLength(2)
    expect(paths()).toEqual(Array<string>(2).fill('POST /v1/chat/completions'))
    expect(simulator.requests.map(({ body: sent }) => Object.keys(sent as object))).toEqual([
      ['model', 'messages', 'tools'],
      ['model', 'messages'],
    ])
  })
})

test.each([model, other])('none of 100 generated conversations is refused for %s', async (asked) => {
  expect(await stage.converse({ model: asked, seed: 23, count: 100 })).toEqual([])
})

test('the health check is free', async () => {
  const reports = await gateway.probe()
  expect(reports.map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy'])
  expect(paths()).toEqual(['GET /v1/models', 'GET /v1/models'])
})
