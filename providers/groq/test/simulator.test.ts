import { createGateway, type Gateway } from '@llmproxy/core'
import { generatedConversations, parseSse, type Simulator } from '@llmproxy/provider-kit/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import plugin from '../src/index.ts'
import { models, vendor } from './simulator.ts'

let simulator: Simulator
let gateway: Gateway
beforeAll(async () => {
  simulator = await vendor.start()
  const provider = { name: 'groq', type: vendor.type, models: [...models], enabled: true, max_retries: 0 }
  gateway = await createGateway(
    { providers: [{ ...provider, ...vendor.options(simulator.url) }], max_attempts: 1 },
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

function said(list: readonly Answer[], name: string): string {
  const texts = list.map(({ choices }) => choices[0]?.delta[name])
  return texts.filter((text) => typeof text === 'string').join('')
}

describe.each(models)('%s', (model) => {
  test('answers whole and streamed alike, usage once', async () => {
    const whole = await ask(model, '')
    const streamed = await chunks(model, '')
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: said(streamed, 'content') },
    })
    expect(streamed.filter((chunk) => JSON.stringify(chunk).includes('total_tokens'))).toHaveLength(1)
    expect(streamed.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
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
      (chunk) => (chunk.choices[0]?.delta['tool_calls'] ?? []) as { function: { arguments: string } }[],
    )
    const expected = without === '' ? { city: 'Rome' } : {}
    const written = deltas.map((delta) => JSON.parse(delta.function.arguments) as unknown)
    expect(written).toEqual([expected, expected])

    const calls = choices[0]!.message['tool_calls'] as { id: string }[]
    const results = calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'sunny' }))
    const messages = [{ role: 'user', content: 'Rome?' }, choices[0]!.message, ...results]
    expect((await ask(model, '', { messages, tools })).choices[0]?.finish_reason).toBe('stop')
  })

  test('nothing of generated conversations is refused', async () => {
    const count = 100
    const failed: unknown[] = []
    for (const [index, conversation] of generatedConversations(3, count).entries()) {
      const effort = ['minimal', 'xhigh', 'medium', undefined][index % 4]
      const body = model.startsWith('llama') ? {} : { reasoning_effort: effort }
      const answer = await gateway.respond('chat', {
        ...conversation,
        ...body,
        model,
        stream: index % 2 === 1,
      })
      const text = await answer.text()
      if (answer.status !== 200) failed.push({ status: answer.status, text, conversation })
    }
    expect(simulator.violations).toEqual([])
    expect(failed.slice(0, 2)).toEqual([])
    expect(simulator.requests).toHaveLength(count)
  })
})

test.each([
  [{ model: 'llama-9' }, 404, 'model_not_found'],
  [{ n: 2 }, 400, undefined],
  [{ logprobs: true }, 400, undefined],
  [{ logit_bias: { 1: 1 } }, 400, undefined],
  [{ messages: [{ role: 'user', content: 'Hi', name: 'ann' }] }, 400, undefined],
  [{ reasoning_effort: 'minimal' }, 400, undefined],
  [{ messages: [{ role: 'tool', tool_call_id: 'a', content: '1' }] }, 400, undefined],
])('the simulator refuses %o', async (wrong, status, code) => {
  const body = { model: models[1], messages: [{ role: 'user', content: 'Hi' }], ...wrong }
  const headers = { authorization: 'Bearer test-key', 'content-type': 'application/json' }
  const url = `${simulator.url}/openai/v1/chat/completions`
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  expect(answer.status).toBe(status)
  const { error } = (await answer.json()) as { error: { code?: string } }
  expect(error.code).toBe(code)
})

test('the simulator refuses a wrong key', async () => {
  const answer = await fetch(`${simulator.url}/openai/v1/models`, {
    headers: { authorization: 'Bearer wrong' },
  })
  expect([answer.status, await answer.json()]).toMatchObject([401, { error: { code: 'invalid_api_key' } }])
})

test('the vendor is well by its health request', async () => {
  expect((await gateway.probe()).map(({ verdict }) => verdict?.status)).toEqual(['healthy'])
})
