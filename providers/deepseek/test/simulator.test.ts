import { createGateway, type Gateway } from '@llmproxy/core'
import { generatedConversations, parseSse, type Simulator } from '@llmproxy/provider-kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { models } from './model-rules.ts'
import { vendor } from './simulator.ts'

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  const provider = { name: 'deepseek', type: vendor.type, models: [...models], enabled: true, max_retries: 0 }
  gateway = await createGateway(
    { providers: [{ ...provider, ...vendor.options(`${simulator.url}/v1`) }], max_attempts: 1 },
    { plugins: [plugin] },
  )
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway.close()
  await simulator.close()
})

interface Choice {
  readonly finish_reason: string | null
  readonly message: Record<string, unknown>
  readonly delta: Record<string, unknown>
}
interface Answer {
  readonly choices: Choice[]
  readonly usage?: unknown
}

const tools = ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name } }))

async function ask(model: string, directive: string, body: object = {}): Promise<Answer> {
  const messages = [{ role: 'user', content: `Rome? ${directive}` }]
  const answer = await gateway.respond('chat', { model, messages, ...body })
  const text = await answer.text()
  expect(simulator.violations).toEqual([])
  expect([answer.status, text]).toEqual([200, expect.any(String)])
  return JSON.parse(text) as Answer
}

/** The chunks of a stream, `[DONE]` left out. */
async function chunks(model: string, directive: string, body: object = {}): Promise<Answer[]> {
  const messages = [{ role: 'user', content: `Rome? ${directive}` }]
  const streamed = { stream: true, stream_options: { include_usage: true } }
  const answer = await gateway.respond('chat', { model, messages, ...streamed, ...body })
  const events = parseSse(await answer.text())
  expect(simulator.violations).toEqual([])
  expect(events.at(-1)?.data).toBe('[DONE]')
  return events.slice(0, -1).map(({ data }) => JSON.parse(data) as Answer)
}

const said = (list: readonly Answer[], name: string): string =>
  list
    .map(({ choices }) => choices[0]?.delta[name])
    .filter((piece) => typeof piece === 'string')
    .join('')

describe.each(models)('%s', (model) => {
  test('answers whole and streamed alike, cached tokens included', async () => {
    const whole = await ask(model, '')
    const streamed = await chunks(model, '')
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: said(streamed, 'content') },
    })
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect(whole.usage).toMatchObject({ prompt_tokens_details: { cached_tokens: 8 } })
    expect((await ask(model, '[length]')).choices[0]?.finish_reason).toBe('length')
  })

  test('thinks apart from its text', async () => {
    expect((await ask(model, '[reasoning]')).choices[0]?.message).toMatchObject({
      reasoning_content: 'The user asks.',
    })
    expect(said(await chunks(model, '[reasoning]'), 'reasoning_content')).toBe('The user asks.')
  })

  test.each(['', '[no-arguments]'])('calls tools whole and streamed %s', async (without) => {
    const directive = `[tools:2][reasoning]${without}`
    const { choices } = await ask(model, directive, { tools })
    expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
    const deltas = (await chunks(model, directive, { tools })).flatMap(
      (chunk) =>
        (chunk.choices[0]?.delta['tool_calls'] ?? []) as { index: number; function: { arguments: string } }[],
    )
    const written = [0, 1].map((index) =>
      deltas
        .filter((delta) => delta.index === index)
        .map((delta) => delta.function.arguments)
        .join(''),
    )
    const expected = without === '' ? { city: 'Rome' } : {}
    expect(written.map((text) => JSON.parse(text) as unknown)).toEqual([expected, expected])

    const calls = choices[0]!.message['tool_calls'] as { id: string }[]
    const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sunny' }))
    const messages = [{ role: 'user', content: 'Rome?' }, choices[0]!.message, ...results]
    expect((await ask(model, '', { messages, tools })).choices[0]?.finish_reason).toBe('stop')
  })

  test.each(['json_object', 'json_schema'])('takes the response format %s', async (type) => {
    const schema = { json_schema: { name: 'a', schema: { type: 'object' } } }
    await ask(model, '', { response_format: { type, ...(type === 'json_schema' && schema) } })
  })

  test('nothing of generated conversations is refused', async () => {
    const count = 100
    const failed: unknown[] = []
    for (const [index, conversation] of generatedConversations(3, count, { images: false }).entries()) {
      const answer = await gateway.respond('chat', { ...conversation, model, stream: index % 2 === 1 })
      const text = await answer.text()
      if (answer.status !== 200) failed.push({ status: answer.status, text, conversation })
    }
    expect(simulator.violations).toEqual([])
    expect(failed.slice(0, 2)).toEqual([])
    expect(simulator.requests).toHaveLength(count)
  })
})

test('the vendor is well by its free health check', async () => {
  const [report] = await gateway.probe()
  expect(report?.verdict).toEqual({ status: 'healthy' })
  expect(simulator.requests).toMatchObject([{ method: 'GET', path: '/v1/models' }])
})

test('legacy completions go over chat', async () => {
  const answer = await gateway.respond('completions', { model: 'deepseek-chat', prompt: 'Hi' })
  expect(await answer.json()).toMatchObject({
    object: 'text_completion',
    choices: [{ text: expect.any(String) as string }],
  })
  expect(simulator.violations).toEqual([])
})

test('old clients get their functions called', async () => {
  const { choices } = await ask('deepseek-chat', '[tools:1]', {
    functions: [{ name: 'now' }],
    function_call: 'auto',
  })
  expect(choices[0]).toMatchObject({
    finish_reason: 'function_call',
    message: { function_call: { name: 'now' } },
  })
})

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
])('the simulator refuses %o', async (wrong, status) => {
  const body = { model: 'deepseek-chat', messages: [{ role: 'user', content: 'Hi' }], ...wrong }
  const headers = { authorization: 'Bearer test-key', 'content-type': 'application/json' }
  const url = `${simulator.url}/chat/completions`
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  expect([answer.status, await answer.json()]).toMatchObject([
    status,
    { error: { code: 'invalid_request_error' } },
  ])
})

test('the simulator refuses a wrong key', async () => {
  const answer = await fetch(`${simulator.url}/models`, { headers: { authorization: 'Bearer wrong-key' } })
  expect([answer.status, await answer.json()]).toMatchObject([
    401,
    { error: { type: 'authentication_error' } },
  ])
})
