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

type Operation = Parameters<Gateway['respond']>[0]

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  gateway = await createGateway(
    {
      rate_limits: { chat: null },
      providers: [
        {
          name: 'it',
          type: vendor.type,
          models: ['*'],
          max_retries: 0,
          ...vendor.options(simulator.url),
          base_url: simulator.url,
        },
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
  const [refused] = simulator.violations
  simulator.reset()
  if (refused !== undefined) throw new Error(`the vendor has refused a request: ${refused.message}`)
})

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

const tools = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
const question = (text: string) => [{ role: 'user', content: text }]
const text = 'Grüße 👋🏽 from the vendor'

describe.each(['gemini-3-pro-preview', 'gemini-2.5-flash'])('chat with %s', (model) => {
  test('answers, whole and streamed', async () => {
    const body = { model, messages: question('Hello [reasoning]'), reasoning_effort: 'high' }
    const usage = { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 }
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ message: { content: text, reasoning_content: 'Let me think.' }, finish_reason: 'stop' }],
      usage,
    })
    const streamed = await chunks('chat', { ...body, stream_options: { include_usage: true } })
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage })
    expect(collectChunks(streamed).get(0)).toMatchObject({
      content: text,
      reasoning: 'Let me think.',
      finishReasons: ['stop'],
    })
  })

  test.each([
    ['[tools:2]', { city: 'Rome' }],
    ['[tools:2][no-arguments]', {}],
  ])('calls tools, whole and streamed, and takes the signature back: %s', async (directive, expected) => {
    const messages = question(directive)
    const calls = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
    const whole = await ask('chat', { model, messages, tools })
    expect(whole).toMatchObject({
      choices: [{ message: { content: null, tool_calls: calls }, finish_reason: 'tool_calls' }],
    })
    const streamed = collectChunks(await chunks('chat', { model, messages, tools })).get(0)
    expect(streamed?.finishReasons).toEqual(['tool_calls'])
    const given = streamed?.toolCalls.map((call) => JSON.parse(call.arguments) as unknown)
    expect(given).toEqual([expected, expected])
    const { message } = (whole['choices'] as { message: { tool_calls: { id: string }[] } }[])[0]!
    const results = message.tool_calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sunny' }))
    await ask('chat', { model, messages: [...messages, message, ...results.toReversed()], tools })
    const { contents } = simulator.requests.at(-1)!.body as { contents: { parts: object[] }[] }
    expect(contents[1]?.parts[0]).toHaveProperty('thoughtSignature', 'c2lnbmVk')
  })

  test('several choices, whole and streamed', async () => {
    const body = { model, messages: question('Hello [length]'), n: 2 }
    expect(await ask('chat', body)).toMatchObject({
      choices: [{ index: 0, finish_reason: 'length' }, { index: 1 }],
    })
    const choices = collectChunks(await chunks('chat', body))
    expect([...choices.values()].map(({ content }) => content)).toEqual([text, text])
  })

  test('none of 300 generated conversations is refused', async () => {
    const failed: unknown[] = []
    for (const [index, conversation] of generatedConversations(11, 300).entries()) {
      const stream = index % 2 === 1
      const answer = await gateway.respond('chat', { ...conversation, model, stream })
      const body = await answer.text()
      if (answer.status !== 200 || (stream && !body.endsWith('data: [DONE]\n\n')))
        failed.push([body, conversation])
    }
    expect(failed).toEqual([])
  })
})

test('completions go over chat', async () => {
  const body = { model: 'gemini-2.5-flash', prompt: 'Hello' }
  expect(await ask('completions', body)).toMatchObject({ choices: [{ text }] })
  expect(await chunks('completions', body)).not.toEqual([])
})

test('embeddings of one text, of a list, and of a list that is too long for one call', async () => {
  const model = 'gemini-embedding-001'
  const one = await ask('embeddings', { model, input: 'a', dimensions: 2 })
  expect(one).toMatchObject({ data: [{ index: 0, embedding: [-0.25, 0.25] }] })
  const encoded = await ask('embeddings', { model, input: ['a', 'b'], encoding_format: 'base64' })
  expect(encoded).toMatchObject({ data: [{ embedding: expect.any(String) as string }, { index: 1 }] })
  const long = await ask('embeddings', { model, input: Array.from({ length: 250 }, () => 'a') })
  expect((long['data'] as { index: number }[]).map(({ index }) => index)).toEqual(
    Array.from({ length: 250 }, (_, index) => index),
  )
})

test('a wrong key is the operator’s fault, in answers and by the health check', async () => {
  const wrong = { ...vendor.options(simulator.url), api_key: 'other-key' }
  const broken = await createGateway(
    { providers: [{ name: 'it', type: vendor.type, models: ['*'], max_retries: 0, ...wrong }] },
    { plugins: [plugin] },
  )
  const answer = await broken.respond('chat', { model: 'gemini-2.5-flash', messages: question('Hi') })
  expect(answer.status).toBe(502)
  await answer.text()
  const [report] = await broken.probe()
  expect(report?.verdict).toMatchObject({ status: 'unhealthy', reason: 'configuration' })
  await broken.close()
  simulator.reset()
})
