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
let openaiImages: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  gateway = await open({})
  openaiImages = await open({ api: 'openai-images', base_url: `${simulator.url}/v1` })
})
afterAll(async () => {
  await gateway.close()
  await openaiImages.close()
  await simulator.close()
})
afterEach(() => {
  const refused = simulator.violations.map(({ message }) => message)
  simulator.reset()
  if (refused.length > 0) throw new Error(refused.join('\n'))
})

function open(options: object): Promise<Gateway> {
  const entry = { name: 'it', type: 'blackbox', models: ['*'], max_retries: 0 }
  return createGateway(
    {
      rate_limits: { chat: null },
      providers: [{ ...entry, ...vendor.options(simulator.url), ...options }],
    },
    { plugins: [plugin] },
  )
}

type Operation = Parameters<Gateway['respond']>[0]

async function ask(operation: Operation, body: object, by = gateway): Promise<Record<string, unknown>> {
  const answer = await by.respond(operation, body)
  const text = await answer.text()
  expect([answer.status, text]).toEqual([200, expect.any(String)])
  return JSON.parse(text) as Record<string, unknown>
}

async function chunks(operation: Operation, body: object, by = gateway): Promise<readonly unknown[]> {
  const answer = await by.respond(operation, { ...body, stream: true })
  const events = parseSse(await answer.text()).map(({ data }) => data)
  expect(events.at(-1)).toBe('[DONE]')
  return events.slice(0, -1).map((data) => JSON.parse(data) as unknown)
}

const paths = () => simulator.requests.map(({ method, path }) => `${method} ${path}`)
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
}))
const model = 'blackboxai/openai/gpt-4o'
const question = (text: string) => ({ model, messages: [{ role: 'user', content: text }] })
const text = 'Grüße 👋🏽 from the vendor'

describe('chat', () => {
  test('answers, whole and streamed, under the name that was asked for', async () => {
    const body = { ...question('Hello'), max_completion_tokens: 50, user: 'u' }
    expect(await ask('chat', body)).toMatchObject({
      model,
      upstream_model: 'openai/gpt-4o',
      choices: [{ message: { content: text }, finish_reason: 'stop' }],
    })
    const all = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(all.at(-1)).toMatchObject({ model, usage: { total_tokens: 30 } })
    expect(collectChunks(all).get(0)).toMatchObject({ content: text, finishReasons: ['stop'] })
    expect(JSON.stringify(all)).not.toContain('None')
  })

  test('thinks, and is cut by the limit', async () => {
    expect(await ask('chat', question('[reasoning] [length]'))).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'length' }],
    })
    const choice = collectChunks(await chunks('chat', question('[reasoning] [length]'))).get(0)
    expect(choice).toMatchObject({ content: text, finishReasons: ['length'] })
  })

  test.each([
    ['with arguments', '[tools:2]', '{"city":"Rome"}'],
    ['without', '[tools:2] [no-arguments]', '{}'],
  ])('calls tools %s, whole and streamed', async (_, directive, given) => {
    const body = { ...question(directive), tools }
    const called = (name: string) => ({ type: 'function', function: { name, arguments: given } })
    const calls = [called('get_weather'), called('get_time')]
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
    })
    const choice = collectChunks(await chunks('chat', body)).get(0)
    expect(choice).toMatchObject({ finishReasons: ['tool_calls'] })
    expect(choice?.toolCalls.map((call) => call.arguments)).toEqual([given, given])
  })
})

describe('the other operations', () => {
  test('completions go over chat', async () => {
    expect(await ask('completions', { model, prompt: 'a' })).toMatchObject({ choices: [{ text }] })
    expect(paths()).toEqual(['POST /chat/completions'])
  })

  test('pictures go over chat, one by one', async () => {
    const body = { model: 'blackboxai/black-forest-labs/flux-pro', prompt: 'A cat', n: 3, size: '512x512' }
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
    const body = { model: 'blackboxai/google/veo-2', prompt: 'A cat' }
    expect(await ask('videos', body)).toMatchObject({ data: [{ url }] })
  })

  test('the health check is free', async () => {
    expect(await gateway.probe()).toMatchObject([{ verdict: { status: 'healthy' } }])
    expect(paths()).toEqual(['GET /v1/models'])
  })
})

describe('the format with paths of their own', () => {
  test('pictures and videos', async () => {
    const image = { model: 'blackbox-alpha', prompt: 'A futuristic city', n: 2, size: '512x512' }
    const picture = { url: 'https://example.com/city.png' }
    expect(await ask('images', image, openaiImages)).toMatchObject({
      created: expect.any(Number) as number,
      data: [picture, picture],
    })
    expect(simulator.requests[0]?.body).toEqual(image)
    const video = { model: 'blackbox-alpha', prompt: 'A futuristic city' }
    expect(await ask('videos', video, openaiImages)).toMatchObject({
      data: [{ url: 'https://example.com/city.mp4' }],
    })
    expect(paths()).toEqual(['POST /v1/images/generations', 'POST /v1/videos/generations'])
  })

  test('chat is asked for whole, and streamed by the gateway', async () => {
    const all = await chunks('chat', { ...question('[tools:1]'), tools }, openaiImages)
    expect(collectChunks(all).get(0)).toMatchObject({ finishReasons: ['tool_calls'] })
    const body = { ...question('Hello'), stream_options: { include_usage: true } }
    const [first, ...rest] = await chunks('chat', body, openaiImages)
    expect(first).toMatchObject({ model, choices: [{ delta: { role: 'assistant', content: text } }] })
    expect(rest).toHaveLength(2)
    expect(paths()).toEqual(Array<string>(2).fill('POST /v1/chat/completions'))
    expect(simulator.requests.map(({ body: sent }) => Object.keys(sent as object))).toEqual([
      ['model', 'messages', 'tools'],
      ['model', 'messages'],
    ])
  })
})

test('none of 300 generated conversations is refused, in either format', async () => {
  const failed: unknown[] = []
  for (const [index, conversation] of generatedConversations(23, 300).entries()) {
    const stream = index % 2 === 1
    const by = index % 3 === 0 ? openaiImages : gateway
    const answer = await by.respond('chat', { ...conversation, model, stream })
    const body = await answer.text()
    if (answer.status !== 200 || (stream && !body.endsWith('data: [DONE]\n\n'))) failed.push(body)
  }
  expect(failed).toEqual([])
})
