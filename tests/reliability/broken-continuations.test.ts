import { describe, expect, test } from 'vitest'
import { delta, done, finish, frame, role, say } from '../support/chat-frames.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'
import { errorBody, failing, openStream, sendJson } from './support/answers.ts'
import { chat, paths, start } from './support/client.ts'
import { openaiModel, prefillOf, type Script } from './support/continuing-upstream.ts'
import { type Answer, fakeUpstream, type FakeUpstream, refusingUrl, until } from './support/fake-upstream.ts'
import { type Fields, metric, pair, provider, type Proxy, startProxy } from './support/proxy.ts'

const pieces = ['Once', ' upon', ' a', ' time', '.']
const text = pieces.join('')
const cut = (more: Partial<Script> = {}) => openaiModel(() => ({ pieces, cutAfter: 3, ...more }))
const whole = openaiModel(() => ({ pieces }))

interface Case extends Proxy {
  readonly first: FakeUpstream
  readonly second: FakeUpstream
  /** The log's line of the nth request. */
  line(n: number): Promise<Fields>
}

interface Setting {
  readonly config?: object
  /** Of both providers. */
  readonly entry?: object
}

/** Two upstreams behind a gateway that continues streams, by providers that can. */
async function between(first: Answer, second: Answer, { config, entry }: Setting = {}): Promise<Case> {
  const one = await fakeUpstream(first)
  const other = await fakeUpstream(second)
  const more = { supports: { continuation: true }, ...entry }
  const proxy = await startProxy({
    stream_continuation: true,
    circuit_breaker_threshold: 1000,
    providers: pair(provider('one', one.url, more), provider('other', other.url, more)),
    ...config,
  })
  const line = (n: number) => until(() => proxy.requests[n])
  return Object.assign(proxy, { first: one, second: other, line })
}

const streamed = { stream: true }

/** The stream ends with one error, has said the given text, and pretends nothing. */
function expectBroken(stream: string, said: string): Readonly<Record<string, unknown>> {
  const { chunks, error } = readStrictly(stream)
  const texts = chunks.map((chunk) => (chunk as { choices: { delta: { content?: string } }[] }).choices[0])
  expect(texts.map((choice) => choice?.delta.content ?? '').join('')).toBe(said)
  expect(stream.match(/"error"/g)).toHaveLength(1)
  return error!
}

const begun = role + say('Once') + say(' upon')
const call = delta({
  tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'f', arguments: '{"a' } }],
})
const frames =
  (...sent: readonly string[]): Answer =>
  (_, response) =>
    void openStream(response).write(sent.join(''), () => response.socket?.destroy())

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

describe('when the continuation fails, too, the client gets the first error, once', () => {
  const broken = 'the upstream closed the connection inside its answer'
  const inBand: Answer = (_, response) =>
    void openStream(response).end(frame({ error: { message: 'busy', code: 503 } }))
  const filtered: Answer = (_, response) =>
    sendJson(response, 400, errorBody('filtered', 'invalid_request_error', 'content_filter'))

  test.each<{ what: string; answer: Answer; said?: string; again?: number }>([
    { what: 'is refused with 400', answer: failing(400, {}, 'no prefill') },
    { what: 'is refused with 401', answer: failing(401) },
    { what: 'is rate limited', answer: failing(429, { 'retry-after': '0' }) },
    { what: 'fails with 503', answer: failing(503) },
    { what: 'is an error inside 200', answer: inBand },
    {
      what: 'is cut before its first event',
      answer: (_, response) => void openStream(response).socket?.destroy(),
    },
    { what: 'is empty', answer: (_, response) => void openStream(response).end() },
    {
      what: 'breaks off in a tool call',
      answer: frames(role, say(' a'), call),
      said: 'Once upon a',
      again: 0,
    },
    { what: 'is filtered', answer: filtered, again: 0 },
  ])('it $what', async ({ answer, said = 'Once upon', again = 1 }) => {
    // The first upstream would fail each time it is asked.
    let turn = 0
    const first: Answer = (request, response) => {
      turn += 1
      return turn === 1 ? cut()(request, response) : failing(503)(request, response)
    }
    const proxy = await between(first, answer)
    const reply = await chat(proxy.url, streamed)
    expect(expectBroken(reply.text, said)).toMatchObject({ message: broken })
    expect(await proxy.line(0)).toMatchObject({
      ending: 'upstream_cut',
      continuation: 'failed',
      tokens: null,
    })
    expect(proxy.second.requests).toHaveLength(1)
    // At last the one that broke off is asked, unless the answer itself is at fault.
    expect(proxy.first.requests).toHaveLength(1 + again)
  })

  test('it cannot be reached', async () => {
    const one = await fakeUpstream(cut())
    const away = provider('other', await refusingUrl(), { supports: { continuation: true } })
    const proxy = await startProxy({
      stream_continuation: true,
      providers: pair(provider('one', one.url), away),
    })
    const reply = await chat(proxy.url, streamed)
    expect(expectBroken(reply.text, 'Once upon')).toMatchObject({ message: broken })
    expect(one.requests).toHaveLength(1)
  })

  test('everybody cuts, always: no more than `max_attempts` are asked', async () => {
    const each = cut({ cutAfter: 2 })
    const proxy = await between(each, each, { config: { max_attempts: 4 } })
    const reply = await chat(proxy.url, streamed)
    expectBroken(reply.text, 'Once upon a time')
    expect(proxy.first.requests.length + proxy.second.requests.length).toBe(4)
    expect(await proxy.line(0)).toMatchObject({ attempts: 4, continuation: 'failed', ending: 'upstream_cut' })
  })

  test('a model that refuses to continue is not sent anything', async () => {
    const one = await fakeUpstream(cut())
    const claude = await fakeUpstream(failing(500))
    const newest = { type: 'anthropic', base_url: claude.url, operations: undefined }
    const models = [{ id: 'm', upstream: 'claude-opus-4-6' }]
    const proxy = await startProxy({
      stream_continuation: true,
      providers: pair(provider('one', one.url), provider('claude', claude.url, { ...newest, models })),
    })
    const reply = await chat(proxy.url, streamed)
    expect(expectBroken(reply.text, 'Once upon')).toMatchObject({ message: broken })
    expect(claude.requests).toHaveLength(0)
  })
})

describe('a client that leaves', () => {
  const silent: Answer = () => undefined

  test('while the continuation is waited for ends it: nothing more is sent', async () => {
    const proxy = await between(cut(), silent)
    const client = start(proxy.url, paths.chat, {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    const asked = await proxy.second.request(0)
    client.leave()
    expect(await proxy.line(0)).toMatchObject({
      ending: 'client_gone',
      continuation: 'abandoned',
      attempts: 2,
    })
    await until(() => asked.aborted)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 1])
  })

  test('inside the continuation ends it', async () => {
    const proxy = await between(
      cut(),
      openaiModel(() => ({ pieces, cutAfter: 2, how: 'silence' })),
    )
    const client = start(proxy.url, paths.chat, {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    await client.frames(4)
    client.leave()
    expect(await proxy.line(0)).toMatchObject({ ending: 'client_gone', continuation: 'abandoned' })
    await until(() => proxy.second.requests[0]!.aborted)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 1])
  })

  test('while the continuation waits for a connection leaves no trace at its upstream', async () => {
    let turn = 0
    const busy: Answer = (request, response) => ((turn += 1) === 1 ? silent : whole)(request, response)
    const proxy = await between(cut(), busy, { entry: { max_connections: 1 } })
    const other = start(proxy.url, paths.chat, {
      model: 'other/m',
      messages: [{ role: 'user', content: 'Hi' }],
    })
    await proxy.second.request(0)
    const client = start(proxy.url, paths.chat, {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    await client.frames(3)
    await until(() => proxy.first.requests[0]!.aborted)
    client.leave()
    expect(await proxy.line(0)).toMatchObject({
      ending: 'client_gone',
      continuation: 'abandoned',
      attempts: 1,
    })
    other.leave()
    await proxy.line(1)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 1])
    // The slot is free again.
    expect(strictReading((await chat(proxy.url, { ...streamed, model: 'other/m' })).text).text).toBe(text)
  })
})

test('a gateway that stops tells so, and asks nobody', async () => {
  const proxy = await between(cut(), () => undefined)
  const client = start(proxy.url, paths.chat, {
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  await proxy.second.request(0)
  await proxy.close()
  await until(() => client.ended)
  expect(expectBroken(client.text, 'Once upon')).toMatchObject({ code: 'shutting_down' })
  expect(proxy.second.requests).toHaveLength(1)
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
