import { createGateway, type Gateway } from '@llmproxy/core'
import { generatedConversations, parseSse, type Simulator } from '@llmproxy/provider-kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { accessKey } from './signature.ts'
import { models, vendor } from './simulator.ts'

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  const base = { type: vendor.type, enabled: true, max_retries: 0 }
  const own = vendor.options(simulator.url)
  const signing = {
    api_key: undefined,
    access_key_id: accessKey.id,
    secret_access_key: accessKey.secret,
    session_token: accessKey.token,
  }
  gateway = await createGateway(
    {
      providers: [
        { ...base, ...own, name: 'bedrock', models: Object.values(models) },
        { ...base, ...own, ...signing, name: 'signing', models: [{ id: 'signed', upstream: models.chat }] },
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
  readonly usage?: unknown
}

const tools = ['get_weather', 'now'].map((name) => ({ type: 'function', function: { name } }))

async function respond(body: object): Promise<string> {
  const answer = await gateway.respond('chat', body)
  const text = await answer.text()
  expect(simulator.violations).toEqual([])
  expect([answer.status, text]).toEqual([200, expect.any(String)])
  return text
}

async function ask(model: string, directive: string, body: object = {}): Promise<Answer> {
  const messages = [{ role: 'user', content: `Rome? ${directive}` }]
  return JSON.parse(await respond({ model, messages, ...body })) as Answer
}

/** The chunks of a stream, `[DONE]` left out. */
async function chunks(model: string, directive: string, body: object = {}): Promise<Answer[]> {
  const messages = [{ role: 'user', content: `Rome? ${directive}` }]
  const streamed = { stream: true, stream_options: { include_usage: true } }
  const events = parseSse(await respond({ model, messages, ...streamed, ...body }))
  expect(events.at(-1)?.data).toBe('[DONE]')
  return events.slice(0, -1).map(({ data }) => JSON.parse(data) as Answer)
}

function said(list: readonly Answer[], name: string): string {
  const texts = list.map(({ choices }) => choices[0]?.delta[name])
  return texts.filter((text) => typeof text === 'string').join('')
}

describe.each([models.chat, 'signed'])('%s', (model) => {
  test('answers whole and streamed alike, cached tokens included', async () => {
    const whole = await ask(model, '')
    const streamed = await chunks(model, '')
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: said(streamed, 'content') },
    })
    expect(whole.usage).toMatchObject({ prompt_tokens: 20, prompt_tokens_details: { cached_tokens: 8 } })
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect((await ask(model, '[length]')).choices[0]?.finish_reason).toBe('length')
  })

  test.each(['', '[no-arguments]'])(
    'thinks, calls tools and goes on with the results %s',
    async (without) => {
      const directive = `[tools:2][reasoning]${without}`
      const settings = { tools, reasoning_effort: 'low' }
      const { choices } = await ask(model, directive, settings)
      expect(choices[0]).toMatchObject({
        finish_reason: 'tool_calls',
        message: { content: null, reasoning_content: 'The user asks.' },
      })
      const streamed = await chunks(model, directive, settings)
      expect(said(streamed, 'reasoning_content')).toBe('The user asks.')
      const deltas = streamed.flatMap(
        ({ choices: [choice] }) =>
          (choice?.delta['tool_calls'] ?? []) as { index: number; function: { arguments: string } }[],
      )
      const written = [0, 1].map((index) =>
        deltas
          .filter((delta) => delta.index === index)
          .map((delta) => delta.function.arguments)
          .join(''),
      )
      const expected = without === '' ? { city: 'Rome' } : {}
      expect(written.map((text) => JSON.parse(text) as unknown)).toEqual([expected, expected])
      const blocks = streamed.flatMap(({ choices: [choice] }) => choice?.delta['thinking_blocks'] ?? [])
      expect(choices[0]?.message['thinking_blocks']).toEqual(blocks)

      const calls = choices[0]!.message['tool_calls'] as { id: string }[]
      const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sunny' }))
      const messages = [{ role: 'user', content: 'Rome?' }, choices[0]!.message, ...results]
      expect((await ask(model, '', { ...settings, messages })).choices[0]?.finish_reason).toBe('stop')
      expect(JSON.stringify(simulator.requests.at(-1)?.body)).toContain('"budget_tokens"')
    },
  )
})

test('nothing of generated conversations is refused', async () => {
  const count = 300
  const failed: unknown[] = []
  for (const [index, conversation] of generatedConversations(3, count).entries()) {
    const effort = { reasoning_effort: ['low', 'high', null, 'none'][index % 4] }
    const body = { ...conversation, ...effort, model: models.chat, stream: index % 2 === 1 }
    const answer = await gateway.respond('chat', body)
    const text = await answer.text()
    if (answer.status !== 200) failed.push({ status: answer.status, text, conversation })
  }
  expect(simulator.violations.slice(0, 2)).toEqual([])
  expect(failed.slice(0, 2)).toEqual([])
  expect(simulator.requests).toHaveLength(count)
})

test.each([
  [models.titan, ['a', 'bb', 'ccc'], 3],
  [models.cohere, ['a', 'bb', 'ccc'], 1],
  [models.cohere, Array.from({ length: 100 }, (_, index) => 'x'.repeat(index + 1)), 2],
])('embeddings of %s come in the order of their texts', async (model, input, exchanges) => {
  const answer = await gateway.respond('embeddings', { model, input })
  const { data } = JSON.parse(await answer.text()) as { data: { index: number; embedding: number[] }[] }
  expect(data.map(({ embedding }) => embedding[0])).toEqual(input.map((text) => text.length))
  expect(data.map(({ index }) => index)).toEqual(input.map((_, index) => index))
  expect([simulator.requests.length, simulator.violations]).toEqual([exchanges, []])
})

test('the vendor is well by its health request, with a token and with a signature', async () => {
  expect((await gateway.probe()).map(({ verdict }) => verdict?.status)).toEqual(['healthy', 'healthy'])
})

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
])('the simulator refuses %j', async (body, message) => {
  const headers = { authorization: 'Bearer test-key', 'content-type': 'application/json' }
  const url = `${simulator.url}/model/${encodeURIComponent(models.chat)}/converse`
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(message)])
})

test('the simulator refuses a wrong token and a signature of something else', async () => {
  for (const authorization of ['Bearer wrong', `AWS4-HMAC-SHA256 Credential=${accessKey.id}`]) {
    const answer = await fetch(`${simulator.url}/foundation-models`, { headers: { authorization } })
    expect(answer.status).toBe(403)
  }
})
