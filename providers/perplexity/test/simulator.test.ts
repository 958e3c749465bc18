import { createGateway } from '@llmproxy/core'
import {
  collectChunks,
  type Conversations,
  generatedConversations,
  type GeneratedRequest,
  openVendorStage,
} from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: () => ({ it: {}, calling: { tools: true }, asking: { api: 'ask' } }),
})
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const model = 'it/sonar-reasoning-pro'
const question = (text: string, name = model) => ({
  model: name,
  messages: [{ role: 'user', content: text }],
})
const spoken = 'Grüße 👋🏽 from the vendor'
const text = `${spoken} [1]`
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object' } },
}))

describe('chat', () => {
  const sources = [
    { title: 'One', url: 'https://a.example/one' },
    { title: 'https://b.example/two', url: 'https://b.example/two' },
  ]
  const at = text.indexOf('[1]')
  const cited = { url: 'https://a.example/one', title: 'One', start_index: at, end_index: at + 3 }

  test('answers with its sources, whole and streamed', async () => {
    const annotations = [{ type: 'url_citation', url_citation: cited }]
    expect(await ask('chat', question('Hello'))).toMatchObject({
      choices: [{ message: { content: text, annotations }, finish_reason: 'stop' }],
      perplexity_sources: sources,
      usage: { total_tokens: 30, completion_tokens_details: { reasoning_tokens: 3 } },
    })
    const all = await chunks('chat', { ...question('Hello'), stream_options: { include_usage: true } })
    expect(collectChunks(all).get(0)).toMatchObject({ content: text, finishReasons: ['stop'] })
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 30 } })
    expect(all.at(-2)).toMatchObject({ choices: [{ delta: { annotations } }], perplexity_sources: sources })
    expect(all.filter((chunk) => JSON.stringify(chunk).includes('citations'))).toHaveLength(1)
  })

  test.each([
    ['[tools:2]', '{"city":"Rome"}'],
    ['[tools:2] [no-arguments]', '{}'],
  ])('calls tools where the account may, whole and streamed: %s', async (directive, given) => {
    const { calls, message } = await stage.toolCalls({ ...question(directive, 'calling/sonar'), tools })
    expect(message.content).toBeNull()
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get_time', arguments: given },
    ])
  })

  test('thinks, whole and streamed, and is cut by the limit', async () => {
    const body = question('[reasoning] [length]')
    expect(await ask('chat', body)).toMatchObject({
      choices: [
        { message: { content: text, reasoning_content: 'Let me think.\n' }, finish_reason: 'length' },
      ],
    })
    expect(collectChunks(await chunks('chat', body)).get(0)).toMatchObject({
      content: text,
      reasoning: 'Let me think.\n',
      finishReasons: ['length'],
    })
  })

  test('with tools is not asked of an account without them', async () => {
    expect(await stage.fails('chat', { ...question('Hello'), tools })).toMatchObject({ status: 501 })
    expect(simulator.requests).toEqual([])
  })
})

describe('the other operations', () => {
  test('completions go over chat', async () => {
    expect(await ask('completions', { model, prompt: ['a', 'b'] })).toMatchObject({
      choices: [{ text }, { text }],
    })
    expect(collectChunks(await chunks('completions', { model, prompt: 'a' })).get(0)?.content).toBe(text)
  })

  test('embeddings, as numbers and as base64, and more than fit into one exchange', async () => {
    const body = { model: 'it/pplx-embed-v1-4b', dimensions: 128 }
    const { data } = await ask('embeddings', { ...body, input: ['a', 'b'] })
    expect(data.map(({ embedding }) => [embedding.length, embedding[0]])).toEqual([
      [128, -64],
      [128, -64],
    ])
    const encoded = await ask('embeddings', { ...body, input: 'a', encoding_format: 'base64' })
    expect(encoded).toMatchObject({ data: [{ embedding: expect.stringMatching(/^AACAwgAAfMI/) as string }] })
    const many = await ask('embeddings', { ...body, input: Array<string>(600).fill('a') })
    expect(many).toMatchObject({ usage: { prompt_tokens: 600, cost: { total_cost: 0.002 } } })
    expect(many.data.at(-1)?.index).toBe(599)
  })
})

describe('the specification’s format', () => {
  const body = question('What is new?', 'asking/llama-2-70b-chat')

  test('sends the last question and answers with its sources', async () => {
    expect(await ask('chat', { ...body, max_tokens: 100 })).toMatchObject({
      choices: [{ message: { content: spoken }, finish_reason: 'stop' }],
      perplexity_sources: [{ title: 'One', url: 'https://a.example/one' }],
      usage: { total_tokens: 13 },
    })
    expect(simulator.requests[0]?.body).toEqual({
      model: 'llama-2-70b-chat',
      query: 'What is new?',
      max_tokens: 100,
    })
  })

  test('streams the whole answer in one chunk', async () => {
    const all = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(collectChunks(all).get(0)).toMatchObject({ content: spoken, finishReasons: ['stop'] })
    expect(all).toHaveLength(3)
  })

  test('serves legacy completions too', async () => {
    expect(await ask('completions', { model: 'asking/x', prompt: 'a' })).toMatchObject({
      choices: [{ text: spoken }],
    })
  })
})

/** Tools that were called before, and may be called no more. */
function withoutTools({ tools, tool_choice, parallel_tool_calls, ...body }: GeneratedRequest): object {
  void [tools, tool_choice, parallel_tool_calls]
  return body
}

test.each<[string, Conversations]>([
  ['an account without tools', { model, seed: 23, count: 100, body: withoutTools }],
  ['an account with tools', { model: 'calling/sonar-pro', seed: 23, count: 50 }],
  [
    'the specification’s format',
    { model: 'asking/x', seed: 23, count: 50, traits: { tools: false, images: false } },
  ],
])('none of the generated conversations is refused for %s', async (_, conversations) => {
  expect(await stage.converse(conversations)).toEqual([])
})

test('the vendor itself would refuse most of them', async () => {
  const request = { path: '/chat/completions', headers: { authorization: 'Bearer test-key' } }
  let refused = 0
  for (const conversation of generatedConversations(23, 50)) {
    const answer = await stage.direct({ ...request, body: { ...conversation, model: 'sonar' } })
    if (answer.refusal !== undefined) refused += 1
  }
  expect(refused).toBeGreaterThan(25)
})

test('the health requests are free and answered', async () => {
  const reports = await gateway.probe()
  expect(reports.map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy', 'healthy'])
  expect(simulator.requests.map(({ path }) => path).toSorted()).toEqual([
    '/async/chat/completions',
    '/async/chat/completions',
    '/v1/models',
  ])
})
