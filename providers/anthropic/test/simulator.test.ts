import { createGateway } from '@llmproxy/core'
import { collectChunks, type ConversationTraits, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: () => ({
    native: { models: ['claude-sonnet-4-5', 'claude-opus-5', 'claude-3-haiku-20240307'] },
    prompt: { api: 'messages-prompt', models: [{ id: 'prompt', upstream: 'claude-opus-5' }] },
  }),
})
const { simulator, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const model = 'claude-sonnet-4-5'
const tools = ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name } }))
const hi = [{ role: 'user', content: 'Hi' }]
const question = (text: string, name = model) => ({
  model: name,
  messages: [{ role: 'user', content: `Rome? ${text}` }],
})

describe.each([model, 'claude-opus-5', 'prompt'])('chat with %s', (name) => {
  test('answers whole and streamed alike', async () => {
    const body = question('', name)
    const whole = await ask('chat', body)
    const streamed = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: collectChunks(streamed).get(0)?.content },
    })
    expect(streamed.at(-1)?.usage).toEqual(whole.usage)
  })

  test('thinks apart from its text, and is cut by the limit', async () => {
    const body = question('[reasoning]', name)
    const { choices } = await ask('chat', body)
    expect(choices[0]?.message).toMatchObject({ reasoning_content: 'The user asks.' })
    expect(collectChunks(await chunks('chat', body)).get(0)?.reasoning).toBe('The user asks.')
    expect((await ask('chat', question('[length]', name))).choices[0]?.finish_reason).toBe('length')
  })
})

test.each([
  ['[tools:2]', '{"city":"Rome"}'],
  ['[tools:2][no-arguments]', '{}'],
])('tools are called, whole and streamed: %s', async (directive, given) => {
  const { calls } = await stage.toolCalls({ ...question(directive), tools })
  expect(calls).toEqual([
    { name: 'get_weather', arguments: given },
    { name: 'now', arguments: given },
  ])
})

test('thinking goes back unchanged with the results of the calls', async () => {
  const { choices } = await ask('chat', { ...question('[reasoning][tools:1]'), tools })
  const { message } = choices[0]!
  const result = { role: 'tool', tool_call_id: message.tool_calls?.[0]?.id, content: 'sunny' }
  const after = await ask('chat', { model, messages: [...hi, message, result], tools })
  expect(after.choices[0]?.finish_reason).toBe('stop')
  const sent = simulator.requests.at(-1)?.body as { messages: { content: object[] }[] }
  expect(sent.messages[1]?.content[0]).toEqual((message['thinking_blocks'] as object[])[0])
})

describe('the other operations', () => {
  test('completions go over chat', async () => {
    expect(await ask('completions', { model, prompt: 'Hi' })).toMatchObject({
      object: 'text_completion',
      choices: [{ text: expect.any(String) as string }],
    })
  })

  test('the vendor’s own dialect is relayed', async () => {
    expect(await ask('messages', { model, max_tokens: 9, messages: hi })).toMatchObject({
      type: 'message',
      stop_reason: 'end_turn',
    })
  })
})

test.each<[string, number, ConversationTraits]>([
  [model, 60, {}],
  ['claude-opus-5', 50, {}],
  ['claude-3-haiku-20240307', 40, {}],
  ['prompt', 50, { tools: false, images: false }],
])('of the generated conversations for %s, %i in number, none is refused', async (name, count, traits) => {
  expect(await stage.converse({ model: name, seed: 7, count, traits })).toEqual([])
  expect(simulator.requests).toHaveLength(count)
})

describe('the simulator refuses what the vendor refuses', () => {
  const headers = { 'x-api-key': 'test-key', 'anthropic-version': '2023-06-01' }

  test.each([
    [{ model: 'claude-9' }, 404],
    [{ max_tokens: undefined }, 400],
    [{ max_tokens: 64_001 }, 400],
    [{ seed: 1 }, 400],
    [{ temperature: 1.5 }, 400],
    [{ temperature: 1, top_p: 1 }, 400],
    [{ stop_sequences: [' '] }, 400],
    [{ tool_choice: { type: 'any' } }, 400],
    [{ thinking: { type: 'enabled', budget_tokens: 2048 } }, 400],
    [{ messages: [{ role: 'assistant', content: 'Hi' }] }, 400],
    [{ messages: [{ role: 'user', content: [{ type: 'text', text: ' ' }] }] }, 400],
  ])('%o', async (wrong, status) => {
    const body = { model, max_tokens: 9, messages: hi, ...wrong }
    expect(await stage.direct({ path: '/v1/messages', headers, body })).toMatchObject({
      status,
      body: { type: 'error', error: { message: expect.any(String) as string } },
    })
  })

  test('a model list beyond its limits, and a second credential', async () => {
    const list = async (query: string, more: object = {}) =>
      (await stage.direct({ path: `/v1/models${query}`, headers: { ...headers, ...more } })).status
    expect(await list('?limit=1')).toBe(200)
    expect(await list('?limit=0')).toBe(400)
    expect(await list('', { authorization: 'Bearer x' })).toBe(401)
  })
})

test.each([
  ['free', 'GET', '/v1/models'],
  ['generate', 'POST', '/v1/messages'],
] as const)('the vendor is well by its %s health check', async (kind, method, path) => {
  await using probed = await openVendorStage(plugin, vendor, {
    createGateway,
    providers: () => ({ probed: { models: [model], health_check: kind } }),
  })
  const [report] = await probed.gateway.probe()
  expect(report).toMatchObject({ kind, verdict: { status: 'healthy' } })
  expect(probed.simulator.requests).toMatchObject([{ method, path }])
})
