import { describe, expect, test } from 'vitest'
import { completionsOverChat } from './completions-over-chat.ts'
import type { Call, Operation } from './contract.ts'
import { jsonLines } from './json-lines.ts'
import { ProviderFault } from './fault.ts'
import type { ChatChunk, ChatCompletion, ChatRequest, Completion, CompletionRequest, Usage } from './wire.ts'

type Chat = Operation<ChatRequest, ChatCompletion, ChatChunk>

const relaying: Chat = { request: () => ({ path: '/chat/completions', headers: { x: 'y' } }) }

/** A vendor of its own: `{ask}` in, `{said}` out. */
const translating: Chat = {
  request: ({ body, model }) => ({ path: '/ask', body: { ask: body.messages, model } }),
  response: (body, { id, created, model }) => ({
    id: `chatcmpl-${id}`,
    object: 'chat.completion',
    created,
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: (body as { said: string }).said },
        finish_reason: 'stop',
      },
    ],
  }),
  stream: ({ id, created, model }) => ({
    event: ({ data }) => [
      {
        id: `chatcmpl-${id}`,
        object: 'chat.completion.chunk',
        created,
        model,
        choices: [{ index: 0, delta: { content: data }, finish_reason: null }],
      },
    ],
    end: () => [
      {
        id: `chatcmpl-${id}`,
        object: 'chat.completion.chunk',
        created,
        model,
        choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }],
      },
    ],
  }),
}

function call(body: Partial<CompletionRequest>, more: Partial<Call> = {}) {
  const dropped: string[] = []
  const request: Call<CompletionRequest> = {
    id: 'abc',
    created: 7,
    model: 'upstream-model',
    stream: false,
    headers: {},
    ...more,
    body: Object.freeze({ model: 'm', prompt: 'Hello', ...body }),
    dropped: (field) => dropped.push(field),
  }
  return { request, dropped }
}

function faultOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return ProviderFault.is(error) ? error.fault : error
  }
  return undefined
}

function data(value: unknown) {
  return { data: JSON.stringify(value) }
}

describe('the request', () => {
  test('becomes a chat body with one user message, for a relaying chat operation', () => {
    const { request, dropped } = call({ max_tokens: 5, stop: ['\n'], n: 2, user: 'u', extra: { kept: true } })
    expect(completionsOverChat(relaying).request(request)).toEqual({
      path: '/chat/completions',
      headers: { x: 'y' },
      body: {
        model: 'upstream-model',
        messages: [{ role: 'user', content: 'Hello' }],
        max_tokens: 5,
        stop: ['\n'],
        n: 2,
        user: 'u',
        extra: { kept: true },
      },
    })
    expect(dropped).toEqual([])
  })

  test('goes through the patch of a relaying chat operation', () => {
    const patching: Chat = {
      request: ({ body }) => ({
        path: '/c',
        patch: { max_tokens: undefined, max_completion_tokens: body.max_tokens },
      }),
    }
    expect(completionsOverChat(patching).request(call({ max_tokens: 5 }).request)).toEqual({
      path: '/c',
      body: {
        model: 'upstream-model',
        messages: [{ role: 'user', content: 'Hello' }],
        max_completion_tokens: 5,
      },
    })
  })

  test('is what a translating chat operation makes of it', () => {
    expect(completionsOverChat(translating).request(call({ prompt: ['Hello'] }).request)).toEqual({
      path: '/ask',
      body: { ask: [{ role: 'user', content: 'Hello' }], model: 'upstream-model' },
    })
  })

  test('takes an empty prompt as it is', () => {
    expect(completionsOverChat(relaying).request(call({ prompt: '' }).request).body).toMatchObject({
      messages: [{ role: 'user', content: '' }],
    })
  })

  test('asks for usage only when told to, only in streams, and keeps what the client asked', () => {
    const body = { stream: true, stream_options: { include_obfuscation: false } }
    const streamed = call(body, { stream: true }).request
    const asking = completionsOverChat(relaying, { streamUsage: true })
    expect(asking.request(streamed).body).toMatchObject({
      stream_options: { include_obfuscation: false, include_usage: true },
    })
    expect(asking.request(call({}).request).body).not.toHaveProperty('stream_options')
    expect(completionsOverChat(relaying).request(streamed).body).toMatchObject({
      stream_options: { include_obfuscation: false },
    })
  })

  test.each<[string, Partial<CompletionRequest>, string]>([
    ['a token array', { prompt: [1, 2, 3] }, 'prompt'],
    ['a list with a token array', { prompt: [[1, 2, 3]] }, 'prompt'],
    ['token arrays', { prompt: [[1], [2]] }, 'prompt'],
    ['a text beside a token array', { prompt: ['a', [1]] as unknown as string[] }, 'prompt'],
    ['a text beside a number', { prompt: ['a', 7] as unknown as string[] }, 'prompt'],
    ['no prompt in a list', { prompt: [] }, 'prompt'],
    ['a prompt of the wrong type', { prompt: 7 as unknown as string }, 'prompt'],
    ['a suffix', { suffix: 'end' }, 'suffix'],
  ])('with %s is refused', (_, body, param) => {
    const { request } = call(body)
    expect(faultOf(() => completionsOverChat(relaying).request(request))).toMatchObject({
      kind: 'invalid_request',
      param,
    })
  })

  test('reports what it drops, once, and only what makes a difference', () => {
    const lossy = call({ echo: true, best_of: 3, logprobs: 2, suffix: null })
    const operation = completionsOverChat(relaying)
    const built = operation.request(lossy.request)
    operation.response({ choices: [] }, lossy.request)
    operation.stream?.(lossy.request)
    expect(lossy.dropped).toEqual(['echo', 'best_of', 'logprobs'])
    expect(Object.keys(built.body ?? {})).toEqual(['messages', 'model'].toReversed())
    const harmless = call({ echo: false, best_of: 1, logprobs: null, suffix: '' })
    completionsOverChat(relaying).request(harmless.request)
    expect(harmless.dropped).toEqual([])
  })
})

describe('the answer', () => {
  const { request } = call({})

  test('of a relaying chat operation becomes a text completion', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    const body = {
      id: 'chatcmpl-9',
      object: 'chat.completion',
      created: 5,
      model: 'm-1',
      system_fingerprint: 'fp',
      usage,
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Hi' }, logprobs: null, finish_reason: 'eos' },
        {
          index: 1,
          message: { role: 'assistant', content: null, tool_calls: [] },
          finish_reason: 'tool_calls',
        },
        {
          message: {
            role: 'assistant',
            content: [{ type: 'text', text: 'pa' }, { type: 'text', text: 'rts' }, null],
          },
        },
      ],
    }
    expect(completionsOverChat(relaying).response(body, request)).toEqual({
      id: 'cmpl-9',
      object: 'text_completion',
      created: 5,
      model: 'm-1',
      system_fingerprint: 'fp',
      usage,
      choices: [
        { text: 'Hi', index: 0, logprobs: null, finish_reason: 'stop' },
        { text: '', index: 1, logprobs: null, finish_reason: 'stop' },
        { text: 'parts', index: 2, logprobs: null, finish_reason: null },
      ],
    })
  })

  test('of a translating chat operation becomes a text completion', () => {
    expect(completionsOverChat(translating).response({ said: 'Hi' }, request)).toEqual({
      id: 'cmpl-abc',
      object: 'text_completion',
      created: 7,
      model: 'upstream-model',
      choices: [{ text: 'Hi', index: 0, logprobs: null, finish_reason: 'stop' }],
    })
  })

  test('gets what is missing from the call', () => {
    expect(completionsOverChat(relaying).response({ choices: [] }, request)).toEqual({
      id: 'cmpl-abc',
      object: 'text_completion',
      created: 7,
      model: 'upstream-model',
      choices: [],
    })
  })

  test.each<[unknown, object]>([
    [null, { kind: 'bad_response' }],
    ['text', { kind: 'bad_response' }],
    [[], { kind: 'bad_response' }],
    [{}, { kind: 'bad_response' }],
    [{ error: { message: 'm', type: 'overloaded_error' } }, { kind: 'overloaded', message: 'm' }],
    [{ choices: [{ finish_reason: 'error' }] }, { kind: 'upstream' }],
  ])('%j is a fault', (body, fault) => {
    expect(faultOf(() => completionsOverChat(relaying).response(body, request))).toMatchObject(fault)
  })
})

describe('the stream', () => {
  const { request } = call({}, { stream: true })
  const head = { id: 'cmpl-9', object: 'text_completion', created: 5, model: 'm-1' }
  const chunk = (choices: unknown[], more: object = {}) =>
    data({ id: 'chatcmpl-9', object: 'chat.completion.chunk', created: 5, model: 'm-1', choices, ...more })

  test('of a relaying chat operation becomes text completions', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    const decoder = completionsOverChat(relaying).stream?.(request)
    const out = [
      chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]),
      chunk([{ index: 0, delta: { reasoning_content: 'hm' }, finish_reason: null }]),
      chunk([{ index: 0, delta: { content: 'Hi' }, finish_reason: null }]),
      chunk([{ index: 1, delta: { content: 'Ho' }, finish_reason: null }]),
      chunk([{ index: 0, delta: {}, finish_reason: 'tool_calls' }]),
      chunk([], { usage }),
      { data: '[DONE]' },
    ].flatMap((event) => decoder?.event(event) ?? [])
    expect([...out, ...(decoder?.end?.() ?? [])]).toEqual([
      { ...head, choices: [{ text: 'Hi', index: 0, logprobs: null, finish_reason: null }] },
      { ...head, choices: [{ text: 'Ho', index: 1, logprobs: null, finish_reason: null }] },
      { ...head, choices: [{ text: '', index: 0, logprobs: null, finish_reason: 'stop' }] },
      { ...head, choices: [], usage },
    ])
  })

  test('of a translating chat operation becomes text completions', () => {
    const decoder = completionsOverChat(translating).stream?.(request)
    const own = { id: 'cmpl-abc', object: 'text_completion', created: 7, model: 'upstream-model' }
    expect(decoder?.event({ data: 'Hi' })).toEqual([
      { ...own, choices: [{ text: 'Hi', index: 0, logprobs: null, finish_reason: null }] },
    ])
    expect(decoder?.end?.()).toEqual([
      { ...own, choices: [{ text: '', index: 0, logprobs: null, finish_reason: 'stop' }] },
    ])
  })

  test('that is cut, or has an error in it, is a fault', () => {
    const decoder = completionsOverChat(relaying).stream?.(request)
    decoder?.event(chunk([{ index: 0, delta: { content: 'Hi' }, finish_reason: null }]))
    expect(faultOf(() => decoder?.end?.())).toMatchObject({ kind: 'bad_response' })
    expect(faultOf(() => decoder?.event(data({ error: { message: 'm', code: 429 } })))).toMatchObject({
      kind: 'rate_limit',
    })
  })

  test('is absent when the chat operation cannot stream', () => {
    const whole = Object.fromEntries(Object.entries(translating).filter(([name]) => name !== 'stream'))
    expect(completionsOverChat(whole as unknown as Chat)).not.toHaveProperty('stream')
  })
})

describe('several prompts', () => {
  const operation = completionsOverChat(relaying)

  test('are an exchange each, never streamed, and everything else stays', () => {
    const shared = { max_tokens: 5, n: 2, echo: true }
    const { request } = call({
      ...shared,
      prompt: ['a', '', 'c'],
      stream: true,
      stream_options: { include_usage: true },
    })
    expect(operation.split(request)).toEqual([
      { model: 'm', prompt: 'a', ...shared },
      { model: 'm', prompt: '', ...shared },
      { model: 'm', prompt: 'c', ...shared },
    ])
  })

  test.each<[string, unknown]>([
    ['one text', 'a'],
    ['one text in a list', ['a']],
    ['an empty list', []],
    ['a token array', [1, 2]],
    ['token arrays', [[1], [2]]],
    ['texts and token arrays', ['a', 'b', [1]]],
    ['nothing', undefined],
    ['an object', {}],
  ])('are not %s', (_, prompt) => {
    expect(operation.split(call({ prompt: prompt as string }).request)).toBeUndefined()
  })

  const answer = (id: string, texts: string[], usage?: Usage | null): Completion => ({
    id,
    object: 'text_completion',
    created: 5,
    model: 'm-1',
    choices: texts.map((text, index) => ({ text, index, logprobs: null, finish_reason: 'stop' })),
    ...(usage !== undefined && { usage }),
  })
  const used = (prompt_tokens: number, completion_tokens: number, cached?: number): Usage => ({
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    ...(cached !== undefined && { prompt_tokens_details: { cached_tokens: cached } }),
  })

  test('become one answer: choices by position times n, usage added up, the identity of the first', () => {
    const { request } = call({ prompt: ['a', 'b'], n: 2 })
    const parts = [answer('cmpl-1', ['A', 'B'], used(1, 2, 1)), answer('cmpl-2', ['C', 'D'], used(10, 20, 3))]
    const joined = operation.join(parts, request)
    expect(joined).toMatchObject({ id: 'cmpl-1', object: 'text_completion', created: 5, model: 'm-1' })
    expect(joined.choices.map(({ text, index }) => [text, index])).toEqual([
      ['A', 0],
      ['B', 1],
      ['C', 2],
      ['D', 3],
    ])
    expect(joined.usage).toEqual(used(11, 22, 4))
  })

  test.each<[string, number | null | undefined]>([
    ['absent', undefined],
    ['null', null],
    ['1', 1],
  ])('with n %s are numbered in their order', (_, n) => {
    const { request } = call({ prompt: ['a', 'b'], ...(n !== undefined && { n }) })
    const joined = operation.join([answer('1', ['A']), answer('2', ['B'])], request)
    expect(joined.choices.map(({ index }) => index)).toEqual([0, 1])
  })

  test('have no usage when that of one is not known, and no details when one has none', () => {
    const { request } = call({ prompt: ['a', 'b'] })
    const join = (first: Usage | null | undefined, second: Usage | null | undefined) =>
      operation.join([answer('1', ['A'], first), answer('2', ['B'], second)], request).usage
    expect(join(used(1, 2), null)).toBeNull()
    expect(join(undefined, used(1, 2))).toBeNull()
    expect(join(null, null)).toBeNull()
    expect(join(used(1, 2, 1), used(1, 2))).toEqual(used(2, 4))
  })

  test('are left as they are', () => {
    const { request } = call({ prompt: ['a', 'b'], n: 3 })
    const parts = [answer('1', ['A'], used(1, 2)), answer('2', ['B'], used(3, 4))]
    const before = structuredClone(parts)
    operation.join(parts, request)
    expect(parts).toEqual(before)
  })
})

test('a stream that is not SSE is cut into events as that of the chat', () => {
  const chat = {
    request: () => ({ path: '/' }),
    response: (body: unknown) => body,
    stream: () => ({ event: () => [] }),
    framing: jsonLines,
  }
  const bridged = completionsOverChat(chat as never)
  expect(bridged.framing?.({ eventBytes: 100 }).push(Buffer.from('{"a":1}\n'))).toEqual([{ data: '{"a":1}' }])
  expect(completionsOverChat({ request: () => ({ path: '/' }) })).not.toHaveProperty('framing')
})
