import { apiKey, baseUrl, bearer, definePlugin, openaiCompatible } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createGateway } from '../../core/src/index.ts'
import { openaiRoutes } from './openai-vendor.ts'
import { lastTextOf } from './play.ts'
import {
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedVendor,
  startSimulator,
} from './simulator.ts'
import { openVendorStage } from './vendor-stage.ts'

const plugin = definePlugin({
  type: 'stagehand',
  options: z.strictObject({ api_key: apiKey(), base_url: baseUrl() }),
  create: ({ api_key, base_url }) =>
    openaiCompatible({ baseUrl: base_url, authorize: bearer(api_key), operations: ['chat', 'embeddings'] }),
})

type Broken = Readonly<Record<string, (request: SimulatedRequest) => SimulatedAnswer>>

/** A vendor that answers what `broken` says when that is the last text, and refuses what mentions `forbidden`. */
function vendorWith(broken: Broken = {}): SimulatedVendor {
  const routes = openaiRoutes({
    path: (operation) => `/v1${operation}`,
    check: ({ bytes }) =>
      bytes.includes('forbidden') ? { status: 403, message: 'that is forbidden' } : undefined,
  }).map((route) => ({
    ...route,
    answer: (request: SimulatedRequest) => {
      const { messages } = request.body as { messages: unknown }
      return broken[lastTextOf(messages)]?.(request) ?? route.answer(request)
    },
  }))
  return {
    type: 'stagehand',
    models: { chat: 'small' },
    options: (url) => ({ api_key: 'test-key', base_url: `${url}/v1` }),
    start: () =>
      startSimulator({
        authenticate: ({ headers }) =>
          headers['authorization'] === 'Bearer test-key' ? undefined : 'a wrong key',
        refusal: ({ message }) => ({ error: { message } }),
        routes,
      }),
  }
}

const open = (broken?: Broken) => openVendorStage(plugin, vendorWith(broken), { createGateway })
const question = (content: string) => ({ model: 'small', messages: [{ role: 'user', content }] })
const head = { id: 'a', created: 1, model: 'small' }
const oddChoice = { index: 0, message: { role: 'assistant', content: 7 }, finish_reason: 'stop' }
const frame = (delta: object, finish_reason: string | null) => {
  const choices = [{ index: 0, delta, finish_reason }]
  return `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices })}\n\n`
}
const text = 'Grüße 👋🏽 from the vendor'

describe('one request', () => {
  test('is answered whole and in chunks', async () => {
    await using stage = await open()
    const whole = await stage.ask('chat', question('Hello'))
    expect(whole.choices[0]?.message.content).toBe(text)
    const chunks = await stage.chunks('chat', question('Hello'))
    expect(chunks.map(({ choices: [choice] }) => choice?.delta.content ?? '').join('')).toBe(text)
    expect((await stage.ask('embeddings', { model: 'small', input: 'a' })).data).toHaveLength(1)
    expect(stage.simulator.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/chat/completions',
      '/v1/embeddings',
    ])
  })

  test('that fails is an error with status, text and what the vendor says', async () => {
    await using stage = await open()
    const told = /^chat: \d{3} \{"error":[^]*\nthe vendor has refused: that is forbidden$/
    await expect(stage.ask('chat', question('forbidden'))).rejects.toThrow(told)
    await expect(stage.chunks('chat', question('forbidden'))).rejects.toThrow(told)
    await expect(stage.ask('chat', { messages: [] })).rejects.toThrow(/^chat: 400 .*model/)
  })

  test('is answered with tool calls, the same whole and streamed', async () => {
    await using stage = await open()
    const tools = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name } }))
    const { calls, message, streamed } = await stage.toolCalls({ ...question('[tools:2]'), tools })
    const given = '{"city":"Zürich"}'
    expect(calls).toEqual([
      { name: 'get_weather', arguments: given },
      { name: 'get_time', arguments: given },
    ])
    expect(message.content).toBeNull()
    expect(streamed.toolCalls).toMatchObject(calls)
    await expect(stage.toolCalls(question('Hello'))).rejects.toThrow('stop and stop, not with tool_calls')
  })

  test('is wanted to fail', async () => {
    await using stage = await open()
    expect(await stage.fails('images', { model: 'small', prompt: 'A cat' })).toMatchObject({
      status: 501,
      error: { type: 'not_implemented_error' },
    })
    await expect(stage.fails('chat', question('Hello'))).rejects.toThrow('chat: answered')
  })

  test('has an answer that clients understand, or it is an error', async () => {
    await using stage = await open({
      odd: () => ({ json: { ...head, object: 'chat.completion', choices: [oddChoice] } }),
      cut: () => ({ pieces: [frame({ content: 'a' }, null)] }),
      'odd stream': () => ({
        pieces: [frame({ role: 'assistant', content: 7 }, null), frame({}, 'stop'), 'data: [DONE]\n\n'],
      }),
    })
    await expect(stage.ask('chat', question('odd'))).rejects.toThrow('chat: $.choices[0].message.content')
    await expect(stage.chunks('chat', question('cut'))).rejects.toThrow('not with [DONE]')
    await expect(stage.chunks('chat', question('odd stream'))).rejects.toThrow('chat: chunk 0: $.choices[0]')
  })
})

describe('conversations', () => {
  test('that go well are no problem, every other one is streamed, and the body is what is wanted', async () => {
    await using stage = await open()
    const body = (conversation: object, index: number) => ({ ...conversation, user: `user-${index}` })
    expect(await stage.converse({ model: 'small', seed: 1, count: 20, body })).toEqual([])
    const sent = stage.simulator.requests.map((request) => request.body as { user: string; stream?: boolean })
    expect(new Set(sent.map(({ user }) => user)).size).toBe(20)
    expect(sent.filter(({ stream }) => stream === true)).toHaveLength(10)
  })

  test('keep to the traits', async () => {
    await using stage = await open()
    const traits = { tools: false, images: false }
    expect(await stage.converse({ model: 'small', seed: 1, count: 20, traits })).toEqual([])
    const all = Buffer.concat(stage.simulator.requests.map(({ bytes }) => Buffer.from(bytes))).toString()
    expect(all).not.toMatch(/"tools"|image_url/)
  })

  test('that are refused tell of the client and of the vendor, and end soon', async () => {
    await using stage = await open()
    const body = (conversation: object) => ({ ...conversation, user: 'forbidden' })
    const problems = await stage.converse({ model: 'small', seed: 1, count: 500, body })
    expect(problems[0]).toMatchObject({
      problem: expect.stringMatching(/^conversation \d: \d{3} /) as string,
      body: { model: 'small', user: 'forbidden' },
    })
    expect(problems.at(-1)).toMatchObject({
      problem: 'the vendor has refused: 403 that is forbidden',
      body: { model: 'small', user: 'forbidden' },
    })
    expect(stage.simulator.requests.length).toBeLessThan(20)
  })

  test('with answers that clients cannot read are problems', async () => {
    const broken = ({ body }: SimulatedRequest): SimulatedAnswer =>
      (body as { stream?: boolean }).stream === true
        ? { pieces: [frame({ content: 'a' }, null)] }
        : { json: { ...head, object: 'chat.completion', choices: [oddChoice] } }
    await using stage = await open({ 'The last question': broken })
    const traits = { tools: false, images: false }
    const problems = await stage.converse({ model: 'small', seed: 1, count: 40, traits })
    expect(problems.map(({ problem }) => problem)).toContainEqual(
      expect.stringMatching(/^conversation \d+: \$\.choices\[0\]\.message\.content/),
    )
    expect(problems.map(({ problem }) => problem)).toContainEqual(
      expect.stringMatching(/^conversation \d+: the stream does not end with \[DONE\]/),
    )
  })

  test('that never reach the vendor are a problem', async () => {
    const echo = { ...plugin, create: (options: never) => ({ ...plugin.create(options), exchange }) }
    const choice = { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }
    const whole = JSON.stringify({ ...head, object: 'chat.completion', choices: [choice] })
    const exchange = async () => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: (async function* () {
        yield Buffer.from(whole)
      })(),
    })
    await using stage = await openVendorStage(Object.freeze(echo), vendorWith(), { createGateway })
    expect(await stage.converse({ model: 'small', seed: 1, count: 1 })).toMatchObject([
      { problem: 'the vendor got 0 requests of 1 conversations' },
    ])
  })
})

describe('the stage', () => {
  test('asks the vendor itself, and forgets it', async () => {
    await using stage = await open()
    const headers = { authorization: 'Bearer test-key' }
    const path = '/v1/chat/completions'
    expect(await stage.direct({ path, headers, body: question('Hello') })).toMatchObject({
      status: 200,
      body: { object: 'chat.completion' },
      refusal: undefined,
    })
    expect(await stage.direct({ path, headers: {} })).toEqual({
      status: 401,
      body: { error: { message: 'a wrong key' } },
      refusal: 'a wrong key',
    })
    expect(stage.simulator.requests).toEqual([])
    stage.settle()
  })

  test('is settled when nothing was refused, and begins anew', async () => {
    await using stage = await open()
    await stage.ask('chat', question('Hello'))
    stage.settle()
    expect(stage.simulator.requests).toEqual([])
    await stage.fails('chat', question('forbidden'))
    expect(stage.settle).toThrow('the vendor has refused: 403 that is forbidden')
    stage.settle()
  })

  test('has the providers that are wanted, by name', async () => {
    await using stage = await openVendorStage(plugin, vendorWith(), {
      createGateway,
      providers: (url) => ({
        first: { models: ['large'] },
        stranger: { api_key: 'other-key', base_url: `${url}/v1/` },
      }),
    })
    await stage.ask('chat', { ...question('Hello'), model: 'large' })
    expect(stage.simulator.requests[0]?.body).toMatchObject({ model: 'large' })
    expect(await stage.fails('chat', { ...question('Hello'), model: 'stranger/small' })).toMatchObject({
      status: 502,
    })
  })

  test('is not opened with options that are refused, and its vendor is closed', async () => {
    let url = ''
    const vendor = vendorWith()
    const opening = openVendorStage(plugin, vendor, {
      createGateway,
      providers: (address) => {
        url = address
        return { it: { api_kex: 'x' } }
      },
    })
    await expect(opening).rejects.toThrow('api_kex')
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })
})
