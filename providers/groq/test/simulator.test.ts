import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { models, vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, { createGateway })
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const tools = ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name } }))
const hi = [{ role: 'user', content: 'Hi' }]

describe.each(models)('chat with %s', (model) => {
  const question = (text: string) => ({ model, messages: [{ role: 'user', content: `Rome? ${text}` }] })

  test('answers whole and streamed alike, usage once', async () => {
    const whole = await ask('chat', question(''))
    const streamed = await chunks('chat', { ...question(''), stream_options: { include_usage: true } })
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: collectChunks(streamed).get(0)?.content },
    })
    expect(streamed.filter((chunk) => JSON.stringify(chunk).includes('total_tokens'))).toHaveLength(1)
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
  })

  test.each([
    ['[tools:2][reasoning]', '{"city": "Rome"}'],
    ['[tools:2][reasoning][no-arguments]', '{}'],
  ])('calls tools, whole and streamed, and goes on with the results: %s', async (directive, given) => {
    const { calls, message } = await stage.toolCalls({ ...question(directive), tools })
    expect(message).toMatchObject({ content: null })
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'now', arguments: given },
    ])
    const results = message.tool_calls!.map(({ id }) => ({
      role: 'tool',
      tool_call_id: id,
      content: 'sunny',
    }))
    const after = await ask('chat', { model, messages: [...hi, message, ...results], tools })
    expect(after.choices[0]?.finish_reason).toBe('stop')
  })

  test('thinks apart from its text, and is cut by the limit', async () => {
    expect((await ask('chat', question('[reasoning]'))).choices[0]?.message).toMatchObject({
      reasoning_content: 'The user asks.',
    })
    const streamed = collectChunks(await chunks('chat', question('[reasoning]'))).get(0)
    expect(streamed?.reasoning).toBe('The user asks.')
    expect((await ask('chat', question('[length]'))).choices[0]?.finish_reason).toBe('length')
  })
})

test.each(models)('none of 60 generated conversations is refused for %s', async (model) => {
  const body = (conversation: object, index: number) => {
    const effort = ['minimal', 'xhigh', 'medium', undefined][index % 4]
    return model.startsWith('llama') ? conversation : { ...conversation, reasoning_effort: effort }
  }
  expect(await stage.converse({ model, seed: 3, count: 60, body })).toEqual([])
  expect(simulator.requests).toHaveLength(60)
})

describe('the simulator refuses what the vendor refuses', () => {
  test.each([
    [{ model: 'llama-9' }, 404, 'model_not_found'],
    [{ n: 2 }, 400, undefined],
    [{ logprobs: true }, 400, undefined],
    [{ logit_bias: { 1: 1 } }, 400, undefined],
    [{ messages: [{ role: 'user', content: 'Hi', name: 'ann' }] }, 400, undefined],
    [{ reasoning_effort: 'minimal' }, 400, undefined],
    [{ messages: [{ role: 'tool', tool_call_id: 'a', content: '1' }] }, 400, undefined],
  ])('%o', async (wrong, status, code) => {
    const headers = { authorization: 'Bearer test-key' }
    const body = { model: models[1], messages: hi, ...wrong }
    const answer = await stage.direct({ path: '/openai/v1/chat/completions', headers, body })
    expect(answer.status).toBe(status)
    expect((answer.body as { error: { code?: string } }).error.code).toBe(code)
  })

  test('a wrong key', async () => {
    const headers = { authorization: 'Bearer wrong' }
    expect(await stage.direct({ path: '/openai/v1/models', headers })).toMatchObject({
      status: 401,
      body: { error: { code: 'invalid_api_key' } },
    })
  })
})

test('the vendor is well by its health request', async () => {
  expect((await gateway.probe()).map(({ verdict }) => verdict?.status)).toEqual(['healthy'])
})
