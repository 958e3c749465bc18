import { createGateway } from '@llmproxy/core'
import { collectChunks, openVendorStage } from '@llmproxy/provider-kit/testing'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

const stage = await openVendorStage(plugin, vendor, { createGateway })
const { ask, chunks } = stage
afterEach(() => stage.settle())
afterAll(() => stage[Symbol.asyncDispose]())

const model = 'mistral-small-latest'
const tools = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
const question = (text: string) => [{ role: 'user', content: text }]
const text = 'Grüße 👋🏽 from the vendor'

describe('chat', () => {
  test('answers, whole and streamed', async () => {
    const body = {
      model,
      messages: question('Hello [reasoning]'),
      max_completion_tokens: 50,
      seed: 3,
      user: 'u',
    }
    const message = { content: text, reasoning_content: 'Let me think.' }
    const usage = { prompt_tokens: 20, prompt_tokens_details: { cached_tokens: 4 } }
    expect(await ask('chat', body)).toMatchObject({ choices: [{ message }], usage })
    const streamed = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage })
    const choice = collectChunks(streamed).get(0)
    expect(choice).toMatchObject({ content: text, reasoning: 'Let me think.', finishReasons: ['stop'] })
  })

  test.each([
    ['[tools:2]', '{"city": "Zürich"}'],
    ['[tools:2][no-arguments]', '{}'],
  ])('calls tools, whole and streamed: %s', async (directive, given) => {
    const { calls, message } = await stage.toolCalls({
      model,
      messages: question(directive),
      tools,
      parallel_tool_calls: true,
    })
    expect(message).toMatchObject({ content: null })
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get_time', arguments: given },
    ])
  })

  test('is cut by the token limit', async () => {
    const body = { model, messages: question('[length]') }
    expect(await ask('chat', body)).toMatchObject({ choices: [{ finish_reason: 'length' }] })
    expect(collectChunks(await chunks('chat', body)).get(0)?.finishReasons).toEqual(['length'])
  })

  test('several choices, whole and streamed', async () => {
    const body = { model, messages: question('Hello'), n: 2 }
    expect((await ask('chat', body))['choices']).toHaveLength(2)
    const choices = collectChunks(await chunks('chat', body))
    expect([...choices.values()].map(({ content }) => content)).toEqual([text, text])
  })
})

test('completions go over chat', async () => {
  const body = { model, prompt: 'Hello' }
  expect(await ask('completions', body)).toMatchObject({ choices: [{ text }] })
  expect(await chunks('completions', body)).not.toEqual([])
})

test('embeddings, as numbers and as base64', async () => {
  const body = { model: 'mistral-embed', input: ['a', 'b'], dimensions: 3, user: 'u' }
  expect(await ask('embeddings', body)).toMatchObject({
    data: [{ embedding: [0.5, -0.25, 1] }, { index: 1 }],
  })
  const encoded = await ask('embeddings', { ...body, encoding_format: 'base64' })
  expect(encoded).toMatchObject({ data: [{ embedding: 'AAAAPwAAgL4AAIA/' }, {}] })
})

test('none of 150 generated conversations is refused', async () => {
  expect(await stage.converse({ model, seed: 7, count: 150 })).toEqual([])
})

describe('the simulator refuses what the vendor refuses', () => {
  const hi = [{ role: 'user', content: 'Hi' }]
  const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })

  test.each([
    ['an unknown member', { user: 'u', messages: hi }, 422],
    ['an unknown member of a message', { messages: [{ ...hi[0], name: 'ann' }] }, 422],
    ['a foreign id', { messages: [...hi, { role: 'assistant', tool_calls: [call('call_1')] }] }, 422],
    ['an assistant message at the end', { messages: [...hi, { role: 'assistant', content: 'a' }] }, 400],
    ['the word required', { messages: hi, tool_choice: 'required' }, 422],
  ])('%s', async (_, body, status) => {
    const headers = { authorization: 'Bearer test-key' }
    const answer = await stage.direct({ path: '/v1/chat/completions', headers, body: { model, ...body } })
    expect(answer).toMatchObject({ status, refusal: expect.any(String) as string })
  })

  test('a wrong key', async () => {
    const answer = await stage.direct({ path: '/v1/models', headers: { authorization: 'Bearer other' } })
    expect(answer.body).toEqual({ detail: 'Unauthorized' })
  })
})
