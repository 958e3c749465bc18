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
        { name: 'it', type: 'mistral', models: ['*'], max_retries: 0, ...vendor.options(simulator.url) },
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
  if (refused.length > 0) throw new Error(`the vendor has refused: ${refused.join('; ')}`)
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

  test('is cut by the token limit', async () => {
    const body = { model, messages: question('[length]') }
    expect(await ask('chat', body)).toMatchObject({ choices: [{ finish_reason: 'length' }] })
    expect(collectChunks(await chunks('chat', body)).get(0)?.finishReasons).toEqual(['length'])
  })

  test.each([
    ['[tools:2]', { city: 'Zürich' }],
    ['[tools:2][no-arguments]', {}],
  ])('calls tools, whole and streamed: %s', async (directive, expected) => {
    const body = { model, messages: question(directive), tools, parallel_tool_calls: true }
    const calls = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
    })
    const choice = collectChunks(await chunks('chat', body)).get(0)
    expect(choice).toMatchObject({ finishReasons: ['tool_calls'] })
    const parsed = choice?.toolCalls.map((call) => JSON.parse(call.arguments) as unknown)
    expect(parsed).toEqual([expected, expected])
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

test('none of 300 generated conversations is refused', async () => {
  const failed: unknown[] = []
  for (const [index, conversation] of generatedConversations(7, 300).entries()) {
    const stream = index % 2 === 1
    const answer = await gateway.respond('chat', { ...conversation, model, stream })
    const body = await answer.text()
    if (answer.status !== 200 || (stream && !body.endsWith('data: [DONE]\n\n'))) failed.push(body)
  }
  expect(failed).toEqual([])
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
    const answer = await fetch(`${simulator.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer test-key', 'content-type': 'application/json' },
      body: JSON.stringify({ model, ...body }),
    })
    expect(answer.status).toBe(status)
    expect(simulator.violations).toHaveLength(1)
    simulator.reset()
  })

  test('a wrong key', async () => {
    const answer = await fetch(`${simulator.url}/v1/models`, { headers: { authorization: 'Bearer other' } })
    expect(await answer.json()).toEqual({ detail: 'Unauthorized' })
    simulator.reset()
  })
})
