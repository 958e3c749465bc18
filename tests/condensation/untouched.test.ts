import { expect, test } from 'vitest'
import {
  ask,
  chat,
  type FakeUpstream,
  fakeUpstream,
  type Reply,
  send,
  sendJson,
} from '../reliability/support.ts'
import {
  conversation,
  refuses,
  scripted,
  startCondensing,
  condensingConfig,
  tooLongError,
} from './support/scripted.ts'
import { startProxy } from '../reliability/support.ts'

const messages = conversation()

/** The client has got what the upstream said, after one request. */
function expectOriginal(reply: Reply, upstream: FakeUpstream) {
  expect([reply.status, reply.text, upstream.requests.length]).toEqual([400, JSON.stringify(tooLongError), 1])
  expect(reply.headers['x-llmproxy-condensed']).toBeUndefined()
}

/** A conversation, a text, whatever has a prompt. */
const requests = [
  ['chat', { messages }],
  ['completions', { prompt: 'word '.repeat(2_000) }],
  ['embeddings', { input: 'word '.repeat(2_000) }],
  ['images', { prompt: 'word '.repeat(2_000) }],
] as const

test.each([
  ['without the section', undefined],
  ['with enabled: false', { enabled: false, preflight: true, background: true, streaming: true }],
])('%s nothing is condensed', async (_, condensation) => {
  for (const [operation, body] of requests) {
    const upstream = await scripted({ request: refuses })
    const config = condensingConfig([upstream], condensation ?? {})
    const { condensation: section, ...without } = config
    const proxy = await startProxy(
      condensation === undefined ? without : { ...without, condensation: section! },
    )
    expectOriginal(await ask(proxy.url, operation, body), upstream)
    expect(proxy.lines.filter(({ message }) => message === 'summary')).toEqual([])
  }
})

test('with it, embeddings and images are left alone', async () => {
  for (const [operation, body] of requests.slice(2)) {
    const upstream = await scripted({ request: refuses })
    const proxy = await startCondensing([upstream], { preflight: true, background: true })
    expectOriginal(await ask(proxy.url, operation, body), upstream)
  }
})

test('so is the Messages dialect, whose error stays as it is', async () => {
  const error = {
    type: 'error',
    error: { type: 'invalid_request_error', message: 'prompt is too long: 210000 tokens > 200000 maximum' },
    request_id: 'req_1',
  }
  const upstream = await fakeUpstream((_, response) => sendJson(response, 400, error))
  const entry = { name: 'claude', type: 'anthropic', base_url: upstream.url, api_key: 'k', models: ['m'] }
  const proxy = await startProxy({ providers: [entry], condensation: { streaming: true, preflight: true } })
  for (const stream of [false, true]) {
    const before = upstream.requests.length
    const body = { model: 'm', max_tokens: 5, stream, messages: messages.slice(1) }
    const reply = await send(proxy.url, '/v1/messages', { body })
    expect([reply.status, JSON.parse(reply.text)]).toEqual([400, error])
    expect(upstream.requests.length - before).toBe(1)
  }
})

const hopeless: readonly [string, 'chat' | 'completions', object][] = [
  ['several prompts', 'completions', { prompt: ['word '.repeat(1_000), 'word '.repeat(1_000)] }],
  ['a prompt in tokens', 'completions', { prompt: Array.from({ length: 2_000 }, (_, token) => token) }],
  [
    'several prompts in tokens',
    'completions',
    {
      prompt: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    },
  ],
  ['no prompt', 'completions', { prompt: '' }],
  ['system messages only', 'chat', { messages: [{ role: 'system', content: 'word '.repeat(2_000) }] }],
  [
    'instructions of developers only',
    'chat',
    { messages: [messages[0], { role: 'developer', content: 'word '.repeat(2_000) }] },
  ],
]

test.each(hopeless)('%s: the error of the upstream', async (_, operation, body) => {
  const upstream = await scripted({ request: refuses })
  const proxy = await startCondensing([upstream], { preflight: true, background: true })
  expectOriginal(await ask(proxy.url, operation, body), upstream)
})

test('an empty conversation does not even reach an upstream', async () => {
  const upstream = await scripted({ request: refuses })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages: [] })
  expect([reply.status, upstream.requests.length]).toEqual([400, 0])
})

const odd: readonly [string, readonly object[]][] = [
  [
    'null as content',
    [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: null },
    ],
  ],
  [
    'only answers',
    [
      { role: 'assistant', content: 'a' },
      { role: 'assistant', content: 'b' },
    ],
  ],
  ['only results', [{ role: 'tool', tool_call_id: 'a', content: 'b' }]],
  [
    'parts of no known type',
    [
      {
        role: 'user',
        content: [
          { type: 'x', y: { z: [1, null] } },
          { type: 'text', text: 'Hi' },
        ],
      },
    ],
  ],
  [
    'calls without results',
    [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{' } }],
      },
    ],
  ],
  [
    'lone halves of characters',
    [
      { role: 'user', content: 'a\ud800b' },
      { role: 'assistant', content: '\udc00' },
      { role: 'user', content: 'Hi' },
    ],
  ],
]

test.each(odd)('%s: no error of the gateway’s own', async (_, given) => {
  const upstream = await scripted({ request: refuses })
  const proxy = await startCondensing([upstream], { preflight: true, background: true })
  const reply = await chat(proxy.url, { messages: given })
  expect([reply.status, JSON.parse(reply.text)]).toEqual([400, tooLongError])
  expect(upstream.asked.length).toBeLessThanOrEqual(3)
  expect(upstream.summaries.length).toBeLessThanOrEqual(1)
})
