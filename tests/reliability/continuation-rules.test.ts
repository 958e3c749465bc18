import { describe, expect, test } from 'vitest'
import { delta, done, finish, frame, role, say } from '../support/chat-frames.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'
import { failing, openStream } from './support/answers.ts'
import { chat } from './support/client.ts'
import {
  begun,
  between,
  call,
  cut,
  expectBroken,
  frames,
  pieces,
  type Setting,
  streamed,
  text,
  whole,
} from './support/continuation-case.ts'
import { openaiModel, prefillOf } from './support/continuing-upstream.ts'
import { type Answer, fakeUpstream } from './support/fake-upstream.ts'
import { metric, pair, provider, startProxy } from './support/proxy.ts'

describe('a stream is not continued', () => {
  test.each<{
    what: string
    answer: Answer
    said: string
    request?: object
    setting?: Setting
    result?: string
  }>([
    { what: 'in a tool call', answer: frames(role, call), said: '', result: 'impossible' },
    {
      what: 'in a tool call behind a text',
      answer: frames(begun, call),
      said: 'Once upon',
      result: 'impossible',
    },
    {
      what: 'in a refusal',
      answer: frames(role, delta({ refusal: 'I ' })),
      said: '',
      result: 'impossible',
    },
    {
      what: 'in its thoughts',
      answer: frames(role, delta({ reasoning_content: 'Hm' })),
      said: '',
      result: 'impossible',
    },
    {
      what: 'where nobody can',
      answer: cut(),
      said: 'Once upon',
      setting: { entry: { supports: {} } },
      result: 'impossible',
    },
    {
      what: 'without stream_continuation',
      answer: cut(),
      said: 'Once upon',
      setting: { config: { stream_continuation: false } },
    },
    {
      what: 'without any attempt left',
      answer: cut(),
      said: 'Once upon',
      setting: { config: { max_attempts: 1 } },
      result: 'impossible',
    },
    { what: 'with log probabilities', answer: cut(), said: 'Once upon', request: { logprobs: true } },
    {
      what: 'of a JSON document',
      answer: cut(),
      said: 'Once upon',
      request: { response_format: { type: 'json_object' } },
    },
    {
      what: 'of a conversation that ends with the assistant',
      answer: frames(begun),
      said: 'Once upon',
      request: {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Well: ' },
        ],
      },
    },
    {
      what: 'whose vendor filtered it',
      answer: cut({ how: { sends: frame({ error: { message: 'filtered', code: 'content_filter' } }) } }),
      said: 'Once upon',
    },
    {
      what: 'whose request was invalid',
      answer: cut({
        how: { sends: frame({ error: { message: 'no', type: 'invalid_request_error', code: 400 } }) },
      }),
      said: 'Once upon',
    },
    {
      what: 'whose time is over',
      answer: cut({ how: 'silence' }),
      said: 'Once upon',
      setting: { config: { stream_timeout: 0.1 } },
    },
  ])(
    '$what: the client is told, and nobody else is asked',
    async ({ answer, said, request, setting, result }) => {
      const proxy = await between(answer, whole, setting)
      const reply = await chat(proxy.url, { ...streamed, ...request })
      expectBroken(reply.text, said)
      expect(proxy.first.requests.length + proxy.second.requests.length).toBe(1)
      expect((await proxy.line(0))['continuation']).toBe(result)
    },
  )
})

describe('a stream is continued', () => {
  const overloaded = frame({ error: { message: 'busy', type: 'overloaded_error', code: 529 } })

  test.each<{ what: string; answer: Answer; setting?: Setting }>([
    { what: 'goes silent', answer: cut({ how: 'silence' }), setting: { entry: { idle_timeout: 0.1 } } },
    { what: 'ends without a finish', answer: cut({ how: { sends: '' } }) },
    { what: 'ends inside an event', answer: cut({ how: { sends: 'data: {"id":"chatcm' } }) },
    { what: 'sends what is no JSON', answer: cut({ how: { sends: 'data: {oops}\n\n' } }) },
    { what: 'says that it is overloaded', answer: cut({ how: { sends: overloaded } }) },
    {
      what: 'says that it has failed',
      answer: cut({ how: { sends: frame({ error: { message: 'x', code: 500 } }) } }),
    },
    { what: 'finishes with an error', answer: cut({ how: { sends: finish('error') } }) },
    {
      what: 'has thought before it spoke',
      answer: frames(role, delta({ reasoning_content: 'Hm' }), say('Once upon')),
    },
  ])('when its upstream $what', async ({ answer, setting }) => {
    const proxy = await between(answer, whole, setting)
    const reply = await chat(proxy.url, streamed)
    expect(strictReading(reply.text)).toMatchObject({ text, finish: 'stop' })
    expect(prefillOf(proxy.second.requests[0]!)).toBe('Once upon')
    expect(await proxy.line(0)).toMatchObject({ ending: 'complete', continuation: 'complete', attempts: 2 })
  })

  test('without any support, when nothing has been said yet', async () => {
    const proxy = await between(frames(role), whole, { entry: { supports: {} } })
    const { text: stream } = await chat(proxy.url, streamed)
    expect(strictReading(stream)).toMatchObject({ text, finish: 'stop' })
    expect(prefillOf(proxy.second.requests[0]!)).toBeUndefined()
  })

  test('although it has tools, and may then call one', async () => {
    const called = (_: unknown, response: Parameters<Answer>[1]) =>
      void openStream(response).end(
        [
          role,
          call,
          delta({ tool_calls: [{ index: 0, function: { arguments: '":1}' } }] }),
          finish('tool_calls'),
          done,
        ].join(''),
      )
    const proxy = await between(cut(), called)
    const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
    const { text: stream } = await chat(proxy.url, { ...streamed, tools })
    expect(strictReading(stream)).toMatchObject({
      text: 'Once upon',
      toolCalls: [{ name: 'f', arguments: '{"a":1}' }],
      finish: 'tool_calls',
    })
  })

  test('within the limits of the stream: that of the request ended with its first event', async () => {
    const late: Answer = (_, response) => {
      openStream(response).write(begun)
      setTimeout(() => response.socket?.destroy(), 250)
    }
    const proxy = await between(late, whole, { config: { request_timeout: 0.2 } })
    const { text: stream } = await chat(proxy.url, streamed)
    expect(strictReading(stream).text).toBe(text)
    const { ttft_ms: first, duration_ms: took } = await proxy.line(0)
    expect(first).toBeLessThan(200)
    expect(took).toBeGreaterThanOrEqual(250)
  })

  test('and while it is waited for, the connection is kept', async () => {
    const slow: Answer = (request, response) => void setTimeout(() => whole(request, response), 200)
    const proxy = await between(cut(), slow, { config: { keepalive_interval: 0.05 } })
    const { text: stream } = await chat(proxy.url, streamed)
    expect(strictReading(stream).text).toBe(text)
    expect(readStrictly(stream).keepalives).toBeGreaterThanOrEqual(2)
  })

  test('again, when the kept connection to the next provider had just been closed', async () => {
    let turn = 0
    const closing: Answer = (request, response) => {
      turn += 1
      if (turn === 2) request.socket.destroy()
      else whole(request, response)
    }
    const proxy = await between(cut(), closing)
    await chat(proxy.url, { ...streamed, model: 'other/m' })
    const { text: stream } = await chat(proxy.url, streamed)
    expect(strictReading(stream).text).toBe(text)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 3])
  })

  test('with the next key of a provider, when one is refused', async () => {
    const byKey: Answer = (request, response) =>
      (request.headers.authorization === 'Bearer key-two' ? whole : failing(401))(request, response)
    const { api_key: _key, ...keyless } = provider('other', '') as Readonly<Record<string, unknown>>
    const keys = { ...keyless, api_key_env: ['FIRST', 'SECOND'], supports: { continuation: true } }
    const one = await fakeUpstream(cut())
    const other = await fakeUpstream(byKey)
    const providers = pair(provider('one', one.url), { ...keys, base_url: `${other.url}/v1` } as never)
    const env = { FIRST: 'key-one', SECOND: 'key-two' }
    const proxy = await startProxy({ stream_continuation: true, providers }, { env })
    expect(strictReading((await chat(proxy.url, streamed)).text).text).toBe(text)
    expect(other.requests).toHaveLength(2)
  })

  test('by whoever is not passed over', async () => {
    let turn = 0
    const once: Answer = (request, response) => ((turn += 1) === 1 ? cut() : whole)(request, response)
    const proxy = await between(once, failing(500), {
      config: { circuit_breaker_threshold: 1 },
      entry: { max_retries: 0 },
    })
    await chat(proxy.url, { ...streamed, model: 'other/m' })
    expect(await metric(proxy, 'llmproxy_breaker_state', { provider: 'other', model: 'm' })).toBe(2)
    const reply = await chat(proxy.url, streamed)
    // The breaker of the first has opened with the break, too.
    expectBroken(reply.text, 'Once upon')
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 1])
    expect((await proxy.line(1))['continuation']).toBe('impossible')
    expect(await metric(proxy, 'llmproxy_skipped_total', { provider: 'other', reason: 'breaker_open' })).toBe(
      1,
    )
  })

  test('with what is left of the client’s limit', async () => {
    const proxy = await between(cut(), whole)
    await chat(proxy.url, { ...streamed, max_tokens: 100 })
    expect(JSON.parse(proxy.second.requests[0]!.body.toString())).toMatchObject({ max_tokens: 98 })
  })

  test('and its first provider has failed: the breaker opens', async () => {
    const proxy = await between(cut(), whole, { config: { circuit_breaker_threshold: 1 } })
    await chat(proxy.url, streamed)
    expect(await metric(proxy, 'llmproxy_breaker_state', { provider: 'one', model: 'm' })).toBe(2)
    expect(await metric(proxy, 'llmproxy_breaker_state', { provider: 'other', model: 'm' })).toBe(0)
    await chat(proxy.url, streamed)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 2])
  })
})

describe('the usage is that of all attempts, or unknown', () => {
  const ours = { usage: [10, 2], usageInEvery: true } as const
  const theirs = { usage: [30, 4] } as const
  const both = { input: 40, output: 6, total: 46 }

  test.each([
    { first: 'tells it in every event', second: 'tells it', cut: ours, rest: theirs, tokens: both },
    { first: 'does not tell it', second: 'tells it', cut: {}, rest: theirs, tokens: null },
    { first: 'tells it in every event', second: 'does not', cut: ours, rest: {}, tokens: null },
    { first: 'does not tell it', second: 'does not', cut: {}, rest: {}, tokens: null },
  ])('the one that broke off $first, the one that went on $second', async ({ cut: script, rest, tokens }) => {
    const proxy = await between(
      cut(script),
      openaiModel(() => ({ pieces, ...rest })),
    )
    const asked = await chat(proxy.url, { ...streamed, stream_options: { include_usage: true } })
    const silent = await chat(proxy.url, streamed)
    for (const [n, { text: stream }] of [asked, silent].entries()) {
      const usages = readStrictly(stream).chunks.flatMap(
        (chunk) => (chunk as { usage?: unknown }).usage ?? [],
      )
      const told = tokens !== null && n === 0
      expect(usages).toMatchObject(
        told ? [{ prompt_tokens: 40, completion_tokens: 6, total_tokens: 46 }] : [],
      )
      expect(await proxy.line(n)).toMatchObject({ tokens })
    }
  })
})

test('the results are counted', async () => {
  const proxy = await between(
    frames(begun),
    openaiModel((turn) => ({ pieces, ...(turn > 0 && { cutAfter: 0, how: { sends: '' } }) })),
    {
      config: { max_attempts: 2 },
    },
  )
  const count = (result: string) => metric(proxy, 'llmproxy_stream_continuations_total', { result })
  expect(await Promise.all(['complete', 'failed', 'impossible', 'abandoned'].map(count))).toEqual([
    0, 0, 0, 0,
  ])
  await chat(proxy.url, streamed)
  await chat(proxy.url, streamed)
  await proxy.line(1)
  expect(await Promise.all(['complete', 'failed', 'impossible', 'abandoned'].map(count))).toEqual([
    1, 1, 0, 0,
  ])
})
