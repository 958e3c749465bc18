import { createGateway, type Gateway } from '@llmproxy/core'
import { generatedConversations, parseSse, type Simulator } from '@llmproxy/provider-kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { vendor } from './simulator.ts'

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  const provider = { type: vendor.type, enabled: true, max_retries: 0, ...vendor.options(simulator.url) }
  gateway = await createGateway(
    {
      providers: [
        {
          ...provider,
          name: 'native',
          models: ['claude-sonnet-4-5', 'claude-opus-5', 'claude-3-haiku-20240307'],
        },
        {
          ...provider,
          name: 'prompt',
          api: 'messages-prompt',
          models: [{ id: 'prompt', upstream: 'claude-opus-5' }],
        },
      ],
      max_attempts: 1,
    },
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
  readonly usage?: { readonly total_tokens: number }
}

const tools = ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name } }))

async function ask(directive: string, body: object = {}): Promise<Answer> {
  const messages = [{ role: 'user', content: `Rome? ${directive}` }]
  const answer = await gateway.respond('chat', { model: 'claude-sonnet-4-5', messages, ...body })
  const text = await answer.text()
  expect([answer.status, text]).toEqual([200, expect.any(String)])
  expect(simulator.violations).toEqual([])
  return JSON.parse(text) as Answer
}

/** The chunks of a stream, `[DONE]` left out. */
async function chunks(directive: string, body: object = {}): Promise<Answer[]> {
  const messages = [{ role: 'user', content: `Rome? ${directive}` }]
  const streamed = { stream: true, stream_options: { include_usage: true } }
  const answer = await gateway.respond('chat', { model: 'claude-sonnet-4-5', messages, ...streamed, ...body })
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

describe.each(['claude-sonnet-4-5', 'claude-opus-5', 'prompt'])('%s', (model) => {
  test('answers whole and streamed alike', async () => {
    const whole = await ask('', { model })
    const streamed = await chunks('', { model })
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: said(streamed, 'content') },
    })
    expect(streamed.at(-1)?.usage).toEqual(whole.usage)
    expect((await ask('[length]', { model })).choices[0]?.finish_reason).toBe('length')
  })

  test('thinks apart from its text', async () => {
    const whole = await ask('[reasoning]', { model })
    expect(whole.choices[0]?.message).toMatchObject({ reasoning_content: 'The user asks.' })
    expect(said(await chunks('[reasoning]', { model }), 'reasoning_content')).toBe('The user asks.')
  })
})

test.each(['', '[no-arguments]'])('tools are called whole and streamed %s', async (arguments_) => {
  const directive = `[tools:2]${arguments_}`
  const whole = await ask(directive, { tools })
  expect(whole.choices[0]?.finish_reason).toBe('tool_calls')
  expect(whole.choices[0]?.message['tool_calls']).toHaveLength(2)
  const deltas = (await chunks(directive, { tools })).flatMap(
    ({ choices }) =>
      (choices[0]?.delta['tool_calls'] ?? []) as { index: number; function: { arguments: string } }[],
  )
  const written = [0, 1].map((index) =>
    deltas
      .filter((delta) => delta.index === index)
      .map((delta) => delta.function.arguments)
      .join(''),
  )
  const expected = arguments_ === '' ? { city: 'Rome' } : {}
  expect(written.map((text) => JSON.parse(text) as unknown)).toEqual([expected, expected])
})

test('thinking goes back unchanged with the results of the calls', async () => {
  const { choices } = await ask('[reasoning][tools:1]', { tools })
  const message = choices[0]!.message
  const [call] = message['tool_calls'] as { id: string }[]
  const result = { role: 'tool', tool_call_id: call?.id, content: 'sunny' }
  const messages = [{ role: 'user', content: 'Rome?' }, message, result]
  expect((await ask('', { messages, tools })).choices[0]?.finish_reason).toBe('stop')
  const sent = simulator.requests.at(-1)?.body as { messages: { content: object[] }[] }
  expect(sent.messages[1]?.content[0]).toEqual((message['thinking_blocks'] as object[])[0])
})

test('the vendor’s own dialect is relayed', async () => {
  const body = { model: 'claude-sonnet-4-5', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }
  const answer = await gateway.respond('messages', body)
  expect(await answer.json()).toMatchObject({ type: 'message', stop_reason: 'end_turn' })
})

test.each([
  ['free', 'GET', '/v1/models'],
  ['generate', 'POST', '/v1/messages'],
] as const)('the vendor is well by its %s health check', async (kind, method, path) => {
  const provider = { name: 'probed', type: vendor.type, enabled: true, models: ['claude-sonnet-4-5'] }
  const config = { ...provider, ...vendor.options(simulator.url), health_check: kind }
  const probed = await createGateway({ providers: [config] }, { plugins: [plugin] })
  const [report] = await probed.probe()
  await probed.close()
  expect(report).toMatchObject({ kind, verdict: { status: 'healthy' } })
  expect(simulator.requests).toMatchObject([{ method, path }])
})

test('legacy completions go over chat', async () => {
  const answer = await gateway.respond('completions', { model: 'claude-sonnet-4-5', prompt: 'Hi' })
  expect(await answer.json()).toMatchObject({
    object: 'text_completion',
    choices: [{ text: expect.any(String) as string }],
  })
  expect(simulator.violations).toEqual([])
})

test('the model list is taken, within its limits', async () => {
  const url = `${simulator.url}/v1/models`
  const headers = { 'x-api-key': 'test-key', 'anthropic-version': '2023-06-01' }
  expect((await fetch(`${url}?limit=1`, { headers })).status).toBe(200)
  expect((await fetch(`${url}?limit=0`, { headers })).status).toBe(400)
  expect((await fetch(url, { headers: { ...headers, authorization: 'Bearer x' } })).status).toBe(401)
})

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
])('the simulator refuses %o', async (wrong, status) => {
  const body = {
    model: 'claude-sonnet-4-5',
    max_tokens: 9,
    messages: [{ role: 'user', content: 'Hi' }],
    ...wrong,
  }
  const headers = {
    'x-api-key': 'test-key',
    'anthropic-version': '2023-06-01',
    'content-type': 'application/json',
  }
  const answer = await fetch(`${simulator.url}/v1/messages`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(status)
  expect(await answer.json()).toMatchObject({
    type: 'error',
    error: { message: expect.any(String) as string },
  })
})

test.each([
  ['claude-sonnet-4-5', {}, 150],
  ['claude-opus-5', {}, 100],
  ['claude-3-haiku-20240307', {}, 50],
  ['prompt', { tools: false, images: false }, 100],
])('nothing that %s gets of generated conversations is refused', async (model, traits, count) => {
  const statuses: unknown[] = []
  for (const [index, conversation] of generatedConversations(7, count, traits).entries()) {
    const answer = await gateway.respond('chat', { ...conversation, model, stream: index % 2 === 1 })
    const text = await answer.text()
    if (answer.status !== 200) statuses.push({ status: answer.status, text, conversation })
  }
  expect(statuses.slice(0, 2)).toEqual([])
  expect(simulator.violations).toEqual([])
  expect(simulator.requests).toHaveLength(count)
})
