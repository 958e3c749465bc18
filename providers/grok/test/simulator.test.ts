import { createGateway, type Gateway } from '@llmproxy/core'
import {
  collectChunks,
  type ConversationTraits,
  generatedConversations,
  parseSse,
  type Simulator,
} from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  const options = { type: 'xai', max_retries: 0, models: ['*'], ...vendor.options(simulator.url) }
  gateway = await createGateway(
    {
      rate_limits: { chat: null },
      providers: [
        { name: 'it', ...options },
        { name: 'native', ...options, completions: 'native', embeddings: true },
        { name: 'completing', ...options, api: 'complete' },
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
  const refused = simulator.violations.map(({ message }) => message)
  simulator.reset()
  if (refused.length > 0) throw new Error(refused.join('\n'))
})

type Operation = Parameters<Gateway['respond']>[0]

async function ask(operation: Operation, body: object): Promise<Record<string, unknown>> {
  const answer = await gateway.respond(operation, body)
  const text = await answer.text()
  expect([answer.status, text]).toEqual([200, expect.any(String)])
  return JSON.parse(text) as Record<string, unknown>
}

async function chunks(operation: Operation, body: object): Promise<readonly unknown[]> {
  const answer = await gateway.respond(operation, { ...body, stream: true })
  const events = parseSse(await answer.text()).map(({ data }) => data)
  expect(events.at(-1)).toBe('[DONE]')
  return events.slice(0, -1).map((data) => JSON.parse(data) as unknown)
}

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

interface Frame {
  readonly created: number
  readonly choices: readonly { readonly delta: { readonly reasoning_content?: string } }[]
}

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
    expect(new Set(all.map((chunk) => (chunk as Frame).created)).size).toBe(1)
  })

  test('thinks, whole and streamed, and is cut by the limit', async () => {
    const body = question('[reasoning] [length]')
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'length' }],
    })
    const all = await chunks('chat', body)
    const thoughts = all.map((chunk) => (chunk as Frame).choices[0]?.delta.reasoning_content ?? '')
    expect(thoughts.join('')).toBe('Thinking... Let me think.')
    expect(collectChunks(all).get(0)).toMatchObject({ content: text, finishReasons: ['length'] })
  })

  test.each([
    ['with arguments', '[tools:2]', '{"city":"Rome"}'],
    ['without', '[tools:2] [no-arguments]', '{}'],
  ])('calls tools %s, whole and streamed', async (_, directive, given) => {
    const body = { ...question(directive), tools, parallel_tool_calls: true }
    const called = (name: string) => ({ type: 'function', function: { name, arguments: given } })
    expect(await ask('chat', body)).toMatchObject({
      choices: [
        {
          message: { content: null, tool_calls: [called('get_weather'), called('get_time')] },
          finish_reason: 'tool_calls',
        },
      ],
    })
    const choice = collectChunks(await chunks('chat', body)).get(0)
    expect(choice).toMatchObject({ finishReasons: ['tool_calls'] })
    expect(choice?.toolCalls.map((call) => call.arguments)).toEqual([given, given])
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
      const streamed = await chunks('completions', { model: name, prompt: 'a' })
      const told = streamed.map((chunk) => (chunk as { choices: { text: string }[] }).choices[0]?.text ?? '')
      expect([told.join(''), ...paths()]).toEqual([text, path, path])
      simulator.reset()
    }
  })

  test('embeddings are offered where that is wanted', async () => {
    expect(await ask('embeddings', { model: 'native/v1', input: ['a', 'b'] })).toMatchObject({
      data: [{ embedding: [0.5, -0.25] }, {}],
    })
    expect((await gateway.respond('embeddings', { model: 'it/v1', input: 'a' })).status).toBe(501)
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

  test('the health check is the list of models', async () => {
    const reports = await gateway.probe()
    expect(reports.map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy', 'healthy'])
    expect(new Set(simulator.requests.map(({ path }) => path))).toEqual(new Set(['/v1/models']))
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

test.each<[number, string, ConversationTraits]>([
  [300, model, {}],
  [100, 'it/grok-3', {}],
  [100, 'completing/grok-beta', { tools: false, images: false }],
])('none of %i generated conversations is refused for %s', async (count, name, traits) => {
  const failed: unknown[] = []
  for (const [index, conversation] of generatedConversations(29, count, traits).entries()) {
    const stream = index % 2 === 1
    const answer = await gateway.respond('chat', { ...conversation, model: name, stream })
    const told = await answer.text()
    if (answer.status !== 200 || (stream && !told.endsWith('data: [DONE]\n\n'))) failed.push(told)
  }
  expect(failed).toEqual([])
})

test('a wrong key is the operator’s, never the client’s', async () => {
  const provider = {
    name: 'it',
    type: 'grok',
    models: ['*'],
    ...vendor.options(simulator.url),
    api_key: 'other',
  }
  const stranger = await createGateway({ providers: [provider] }, { plugins: [plugin] })
  const answer = await stranger.respond('chat', question('Hello', 'it/grok-4'))
  expect([answer.status, await answer.json()]).toMatchObject([
    502,
    { error: { code: 'upstream_authentication' } },
  ])
  const [report] = await stranger.probe()
  expect(report?.verdict).toMatchObject({ status: 'unhealthy', reason: 'configuration' })
  await stranger.close()
  simulator.reset()
})

test('the vendor itself would refuse most of them', async () => {
  const headers = { authorization: 'Bearer test-key', 'content-type': 'application/json' }
  const url = `${simulator.url}/v1/chat/completions`
  for (const conversation of generatedConversations(29, 50)) {
    const body = JSON.stringify({ ...conversation, model: 'grok-4' })
    await (await fetch(url, { method: 'POST', headers, body })).text()
  }
  expect(simulator.violations.length).toBeGreaterThan(25)
  simulator.reset()
})
