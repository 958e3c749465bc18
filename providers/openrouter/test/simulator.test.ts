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

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  gateway = await createGateway(
    {
      rate_limits: { chat: null },
      providers: [
        { name: 'it', type: 'openrouter', models: ['*'], max_retries: 0, ...vendor.options(simulator.url) },
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

  test('thinks, whole and streamed, and is cut by the limit', async () => {
    const body = question('[reasoning] [length]')
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'length' }],
    })
    const all = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 30, cost: 0.00012 } })
    const thoughts = all.map((chunk) => (chunk as Frame).choices[0]?.delta.reasoning_content ?? '')
    expect(thoughts.join('')).toBe('Let me think.')
    expect(collectChunks(all).get(0)).toMatchObject({ content: text, finishReasons: ['length'] })
  })

  test.each([
    ['with arguments', '[tools:2]', '{"city":"Rome"}'],
    ['without', '[tools:2] [no-arguments]', '{}'],
  ])('calls tools %s, whole and streamed, each with an id', async (_, directive, given) => {
    const body = { ...question(directive), tools, parallel_tool_calls: true }
    const called = (name: string) => ({
      id: expect.stringMatching(/^call_/) as string,
      type: 'function',
      function: { name, arguments: given },
    })
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

  test('functions of old clients are called too', async () => {
    const body = { ...question('[tools:1]'), functions: [{ name: 'get_weather' }] }
    const called = { name: 'get_weather', arguments: '{"city":"Rome"}' }
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { function_call: called }, finish_reason: 'function_call' }],
    })
  })
})

interface Frame {
  readonly choices: readonly { readonly delta: { readonly reasoning_content?: string } }[]
}

describe('the other operations', () => {
  test('completions go over chat', async () => {
    const body = { model, prompt: ['a', 'b'] }
    expect(await ask('completions', body)).toMatchObject({ choices: [{ text }, { text }] })
    expect(simulator.requests.map(({ path }) => path)).toEqual(
      Array<string>(2).fill('/api/v1/chat/completions'),
    )
    const streamed = await chunks('completions', { model, prompt: 'a' })
    const texts = streamed.map((chunk) => (chunk as { choices: { text: string }[] }).choices[0]?.text ?? '')
    expect(texts.join('')).toBe(text)
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

  test('the key is what the health check asks about', async () => {
    expect(await gateway.probe()).toMatchObject([{ verdict: { status: 'healthy' } }])
    expect(simulator.requests.map(({ path }) => path)).toEqual(['/api/v1/key'])
  })
})

test('none of 300 generated conversations is refused', async () => {
  const failed: unknown[] = []
  for (const [index, conversation] of generatedConversations(17, 300).entries()) {
    const stream = index % 2 === 1
    const answer = await gateway.respond('chat', { ...conversation, model, stream })
    const body = await answer.text()
    if (answer.status !== 200 || (stream && !body.endsWith('data: [DONE]\n\n'))) failed.push(body)
  }
  expect(failed).toEqual([])
})
