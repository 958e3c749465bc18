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
        { name: 'it', type: 'openai', models: ['*'], max_retries: 0, ...vendor.options(simulator.url) },
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
    const calls = [{ function: { name: 'get_weather' } }, { function: { name: 'get_time' } }]
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
    })
    const choice = collectChunks(await chunks('chat', body)).get(0)
    expect(choice).toMatchObject({ finishReasons: ['tool_calls'] })
    expect(choice?.toolCalls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([
      { city: 'Zürich' },
      { city: 'Zürich' },
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

test.each(['gpt-4o', 'o3'])('%s refuses none of 150 generated conversations', async (model) => {
  const failed: unknown[] = []
  for (const [index, conversation] of generatedConversations(11, 150).entries()) {
    const stream = index % 2 === 1
    const answer = await gateway.respond('chat', { ...conversation, model, stream })
    const body = await answer.text()
    if (answer.status !== 200 || (stream && !body.endsWith('data: [DONE]\n\n'))) failed.push(body)
  }
  expect(failed).toEqual([])
})
