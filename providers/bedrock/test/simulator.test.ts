import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { accessKey } from './signature.ts'
import { models, vendor } from './simulator.ts'

const signing = {
  api_key: undefined,
  access_key_id: accessKey.id,
  secret_access_key: accessKey.secret,
  session_token: accessKey.token,
}
const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: () => ({
    bedrock: { models: Object.values(models) },
    signing: { ...signing, models: [{ id: 'signed', upstream: models.chat }] },
  }),
})
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const tools = ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name } }))

describe.each([models.chat, 'signed'])('chat with %s', (model) => {
  const question = (text: string) => ({ model, messages: [{ role: 'user', content: `Rome? ${text}` }] })

  test('answers whole and streamed alike, cached tokens included, and is cut by the limit', async () => {
    const whole = await ask('chat', question(''))
    const streamed = await chunks('chat', { ...question(''), stream_options: { include_usage: true } })
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: collectChunks(streamed).get(0)?.content },
    })
    expect(whole.usage).toMatchObject({ prompt_tokens: 20, prompt_tokens_details: { cached_tokens: 8 } })
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect((await ask('chat', question('[length]'))).choices[0]?.finish_reason).toBe('length')
  })

  test.each([
    ['[tools:2][reasoning]', '{"city":"Rome"}'],
    ['[tools:2][reasoning][no-arguments]', '{}'],
  ])('thinks, calls tools and goes on with the results: %s', async (directive, given) => {
    const settings = { tools, reasoning_effort: 'low' }
    const body = { ...question(directive), ...settings }
    const { calls, message, streamed } = await stage.toolCalls(body)
    expect(message).toMatchObject({ content: null, reasoning_content: 'The user asks.' })
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'now', arguments: given },
    ])
    expect(streamed.reasoning).toBe('The user asks.')
    const blocks = (await chunks('chat', body)).flatMap(
      ({ choices: [one] }) => one?.delta['thinking_blocks'] ?? [],
    )
    expect(message['thinking_blocks']).toEqual(blocks)

    const results = message.tool_calls!.map(({ id }) => ({
      role: 'tool',
      tool_call_id: id,
      content: 'sunny',
    }))
    const messages = [{ role: 'user', content: 'Rome?' }, message, ...results]
    expect((await ask('chat', { ...settings, model, messages })).choices[0]?.finish_reason).toBe('stop')
    expect(JSON.stringify(simulator.requests.at(-1)?.body)).toContain('"budget_tokens"')
  })
})

test.each([
  [models.titan, ['a', 'bb', 'ccc'], 3],
  [models.cohere, ['a', 'bb', 'ccc'], 1],
  [models.cohere, Array.from({ length: 100 }, (_, index) => 'x'.repeat(index + 1)), 2],
])('embeddings of %s come in the order of their texts', async (model, input, exchanges) => {
  const { data } = await ask('embeddings', { model, input })
  expect(data.map(({ embedding }) => embedding[0])).toEqual(input.map((text) => text.length))
  expect(data.map(({ index }) => index)).toEqual(input.map((_, index) => index))
  expect(simulator.requests).toHaveLength(exchanges)
})

test('none of 150 generated conversations is refused', async () => {
  const body = (conversation: object, index: number) => ({
    ...conversation,
    reasoning_effort: ['low', 'high', null, 'none'][index % 4],
  })
  expect(await stage.converse({ model: models.chat, seed: 3, count: 150, body })).toEqual([])
  expect(simulator.requests).toHaveLength(150)
})

describe('the simulator refuses what the vendor refuses', () => {
  const user = { role: 'user', content: [{ text: 'Hi' }] }
  const assistant = { role: 'assistant', content: [{ text: 'Hi' }] }
  const use = { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: 'f', input: {} } }] }
  const result = { role: 'user', content: [{ toolResult: { toolUseId: 'a', content: [] } }] }

  test.each([
    [{ messages: [assistant] }, 'start with a user'],
    [{ messages: [user, user] }, 'alternate'],
    [{ messages: [user, use, result] }, 'toolConfig'],
    [{ messages: [{ role: 'user', content: [{ text: ' ' }] }] }, 'blank'],
    [{ messages: [user], seed: 1 }, 'seed'],
    [{ messages: [user], inferenceConfig: { temperature: 0.5, topP: 0.5 } }, 'cannot both'],
  ])('%j', async (body, message) => {
    const path = `/model/${encodeURIComponent(models.chat)}/converse`
    const answer = await stage.direct({ path, headers: { authorization: 'Bearer test-key' }, body })
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([400, expect.stringContaining(message)])
  })

  test.each(['Bearer wrong', `AWS4-HMAC-SHA256 Credential=${accessKey.id}`])(
    'a wrong token, and a signature of something else: %s',
    async (authorization) => {
      const answer = await stage.direct({ path: '/foundation-models', headers: { authorization } })
      expect(answer.status).toBe(403)
    },
  )
})

test('the vendor is well by its health request, with a token and with a signature', async () => {
  expect((await gateway.probe()).map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy'])
})
