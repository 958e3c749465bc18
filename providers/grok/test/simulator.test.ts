import { createGateway } from '@llmproxy/core'
import {
  collectChunks,
  type ConversationTraits,
  generatedConversations,
  openVendorStage,
} from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: () => ({
    it: { type: 'xai' },
    native: { completions: 'native', embeddings: true },
    completing: { api: 'complete' },
  }),
})
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const model = 'it/grok-4'
const question = (text: string, name = model) => ({
  model: name,
  messages: [{ role: 'user', content: text }],
})
const text = 'Grüße 👋🏽 from the vendor'
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, strict: true, parameters: { type: 'object', additionalProperties: false } },
}))

describe('chat', () => {
  test('answers, whole and streamed, several at once', async () => {
    const body = { ...question('Hello'), n: 2 }
    const usage = { completion_tokens: 205, total_tokens: 217 }
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: text }, finish_reason: 'stop' }, { message: { content: text } }],
      usage,
    })
    const all = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    for (const index of [0, 1])
      expect(collectChunks(all).get(index)).toMatchObject({ content: text, finishReasons: ['stop'] })
    expect(all.at(-1)).toMatchObject({ choices: [], usage })
    expect(new Set(all.map(({ created }) => created)).size).toBe(1)
  })

  test.each([
    ['[tools:2]', '{"city":"Rome"}'],
    ['[tools:2] [no-arguments]', '{}'],
  ])('calls tools, whole and streamed: %s', async (directive, given) => {
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
  })

  test('thinks, whole and streamed, and is cut by the limit', async () => {
    const body = question('[reasoning] [length]')
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'length' }],
    })
    expect(collectChunks(await chunks('chat', body)).get(0)).toMatchObject({
      content: text,
      reasoning: 'Thinking... Let me think.',
      finishReasons: ['length'],
    })
  })

  test('keeps conversations near their cache', async () => {
    await ask('chat', { ...question('Hello'), prompt_cache_key: 'conversation-1' })
    expect(simulator.requests[0]?.headers['x-grok-conv-id']).toBe('conversation-1')
  })
})

describe('the other operations', () => {
  test('completions go over chat, or to the vendor’s own where that is wanted', async () => {
    const paths = () => simulator.requests.map(({ path }) => path)
    expect(await ask('completions', { model, prompt: ['a', 'b'] })).toMatchObject({
      choices: [{ text }, { text }],
    })
    expect(paths()).toEqual(['/v1/chat/completions', '/v1/chat/completions'])
    simulator.reset()
    for (const [name, path] of [
      ['native/grok-3', '/v1/completions'],
      ['native/grok-4', '/v1/chat/completions'],
    ]) {
      expect(await ask('completions', { model: name, prompt: 'a' })).toMatchObject({ choices: [{ text }] })
      const streamed = collectChunks(await chunks('completions', { model: name, prompt: 'a' })).get(0)
      expect([streamed?.content, ...paths()]).toEqual([text, path, path])
      simulator.reset()
    }
  })

  test('embeddings are offered where that is wanted', async () => {
    expect(await ask('embeddings', { model: 'native/v1', input: ['a', 'b'] })).toMatchObject({
      data: [{ embedding: [0.5, -0.25] }, {}],
    })
    expect((await stage.fails('embeddings', { model: 'it/v1', input: 'a' })).status).toBe(501)
  })

  test('images get a date, and a shape for their size', async () => {
    const body = { model: 'it/grok-imagine-image', prompt: 'A cat', n: 2, size: '1024x1792' }
    const answer = await gateway.respond('images', body)
    expect(answer.headers['x-llmproxy-dropped']).toBe('size')
    expect(await answer.json()).toMatchObject({ created: expect.any(Number) as number, data: [{}, {}] })
    expect(simulator.requests[0]?.body).toMatchObject({ aspect_ratio: '9:16' })
  })

  test('videos: a job is asked about until it is done', async () => {
    const answer = await ask('videos', { model: 'it/grok-imagine-video', prompt: 'A cat', seconds: '8' })
    expect(answer).toMatchObject({
      id: 'job-1',
      status: 'completed',
      data: [{ url: 'https://a.example/job-1.mp4' }],
    })
    expect(simulator.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/videos/generations',
      'GET /v1/videos/job-1',
      'GET /v1/videos/job-1',
    ])
  })
})

test('the specification’s format sends one prompt, and streams its answer in one chunk', async () => {
  const body = question('Hello', 'completing/grok-beta')
  expect(await ask('chat', { ...body, max_tokens: 100 })).toMatchObject({
    choices: [{ message: { content: text } }],
  })
  expect(simulator.requests[0]?.bytes.toString('utf8')).toBe(
    String.raw`{"model":"grok-beta","prompt":"User: Hello\nAssistant: ","max_tokens":100}`,
  )
  const all = await chunks('chat', body)
  expect(collectChunks(all).get(0)).toMatchObject({ content: text, finishReasons: ['stop'] })
  expect(all).toHaveLength(2)
})

test.each<[string, number, ConversationTraits]>([
  [model, 100, {}],
  ['it/grok-3', 50, {}],
  ['completing/grok-beta', 50, { tools: false, images: false }],
])('of the generated conversations for %s, %i in number, none is refused', async (name, count, traits) => {
  expect(await stage.converse({ model: name, seed: 29, count, traits })).toEqual([])
})

test('the vendor itself would refuse most of them', async () => {
  const request = { path: '/v1/chat/completions', headers: { authorization: 'Bearer test-key' } }
  let refused = 0
  for (const conversation of generatedConversations(29, 50)) {
    const answer = await stage.direct({ ...request, body: { ...conversation, model: 'grok-4' } })
    if (answer.refusal !== undefined) refused += 1
  }
  expect(refused).toBeGreaterThan(25)
})

test('a wrong key is the operator’s, never the client’s', async () => {
  await using stranger = await openVendorStage(plugin, vendor, {
    createGateway,
    providers: () => ({ it: { api_key: 'other' } }),
  })
  expect(await stranger.fails('chat', question('Hello'))).toMatchObject({
    status: 502,
    error: { code: 'upstream_authentication' },
  })
  const [report] = await stranger.gateway.probe()
  expect(report?.verdict).toMatchObject({ status: 'unhealthy', reason: 'configuration' })
})

test('the health check is the list of models', async () => {
  const reports = await gateway.probe()
  expect(reports.map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy', 'healthy'])
  expect(new Set(simulator.requests.map(({ path }) => path))).toEqual(new Set(['/v1/models']))
})
