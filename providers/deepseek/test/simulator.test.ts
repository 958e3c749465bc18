import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { models } from './model-rules.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, {
  createGateway,
  providers: (url) => ({ it: vendor.options(`${url}/v1`) }),
})
const { simulator, gateway, ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const tools = ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name } }))
const hi = [{ role: 'user', content: 'Hi' }]
const asked = (model: string, text: string) => ({
  model,
  messages: [{ role: 'user', content: `Rome? ${text}` }],
})

describe.each(models)('chat with %s', (model) => {
  const question = (text: string) => asked(model, text)

  test('answers whole and streamed alike, cached tokens included', async () => {
    const whole = await ask('chat', question(''))
    const streamed = await chunks('chat', { ...question(''), stream_options: { include_usage: true } })
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: collectChunks(streamed).get(0)?.content },
    })
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect(whole.usage).toMatchObject({ prompt_tokens_details: { cached_tokens: 8 } })
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

  test.each(['json_object', 'json_schema'])('takes the response format %s', async (type) => {
    const schema = { json_schema: { name: 'a', schema: { type: 'object' } } }
    const format = { type, ...(type === 'json_schema' && schema) }
    expect(await ask('chat', { ...question(''), response_format: format })).toMatchObject({ choices: [{}] })
  })
})

test('old clients get their functions called', async () => {
  const functions = { functions: [{ name: 'now' }], function_call: 'auto' }
  const { choices } = await ask('chat', { ...asked('deepseek-chat', '[tools:1]'), ...functions })
  expect(choices[0]).toMatchObject({
    finish_reason: 'function_call',
    message: { function_call: { name: 'now' } },
  })
})

test('completions go over chat', async () => {
  expect(await ask('completions', { model: 'deepseek-chat', prompt: 'Hi' })).toMatchObject({
    object: 'text_completion',
    choices: [{ text: expect.any(String) as string }],
  })
})

test.each(models)('none of 75 generated conversations is refused for %s', async (model) => {
  expect(await stage.converse({ model, seed: 3, count: 75, traits: { images: false } })).toEqual([])
  expect(simulator.requests).toHaveLength(75)
})

describe('the simulator refuses what the vendor refuses', () => {
  test.each([
    [{ model: 'deepseek-9' }, 404],
    [{ seed: 1 }, 422],
    [{ max_completion_tokens: 1 }, 422],
    [{ stop: Array.from({ length: 17 }, String) }, 422],
    [{ response_format: { type: 'json_schema' } }, 422],
    [{ messages: [{ role: 'developer', content: 'Hi' }] }, 422],
    [{ response_format: { type: 'json_object' } }, 400],
    [{ reasoning_effort: 'high' }, 400],
    [{ model: 'deepseek-reasoner', logprobs: true }, 400],
    [{ messages: [{ role: 'tool', tool_call_id: 'a', content: '1' }] }, 400],
  ])('%o', async (wrong, status) => {
    const headers = { authorization: 'Bearer test-key' }
    const body = { model: 'deepseek-chat', messages: hi, ...wrong }
    expect(await stage.direct({ path: '/chat/completions', headers, body })).toMatchObject({
      status,
      body: { error: { code: 'invalid_request_error' } },
    })
  })

  test('a wrong key', async () => {
    const headers = { authorization: 'Bearer wrong-key' }
    expect(await stage.direct({ path: '/models', headers })).toMatchObject({
      status: 401,
      body: { error: { type: 'authentication_error' } },
    })
  })
})

test('the vendor is well by its free health check', async () => {
  const [report] = await gateway.probe()
  expect(report?.verdict).toEqual({ status: 'healthy' })
  expect(simulator.requests).toMatchObject([{ method: 'GET', path: '/v1/models' }])
})
