import type { ExchangeIo, Operation, UpstreamResponse } from '@llmproxy/provider-kit'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import {
  chatAnswer,
  chatBody,
  chatFrame,
  eventResponse,
  jsonResponse,
  never,
  type Toy,
  toyGateway,
} from '../../test/toy-gateway.ts'

const done = 'data: [DONE]\n\n'
const usage =
  'data: {"id":"toy","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}\n\n'

function streaming(pieces: AsyncIterable<Uint8Array> | Iterable<string>): Toy {
  return { provider: { exchange: () => Promise.resolve(eventResponse(pieces)) } }
}

/** A provider that answers with `status`, `headers` and then `body`. */
function answering(status: number, body: UpstreamResponse['body'], headers: object = {}): Toy {
  return {
    provider: { exchange: () => Promise.resolve({ status, headers: { ...headers }, body }) },
    entry: { max_retries: 0 },
  }
}

async function* cut(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
  await turn()
  throw Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })
}

async function* silentAfter(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
  await never
}

const streamed = chatBody({ stream: true, stream_options: { include_usage: true } })

test.each(['response', 'stream'] as const)(
  'what a bug in %s() throws before the first event is a 502 that the operator can read about',
  async (member) => {
    const chat = {
      request: () => ({ path: '/chat', body: {} }),
      response: () => chatAnswer('never'),
      [member]: () => {
        throw new TypeError(`typo in ${member}`)
      },
    } as unknown as Operation
    const toy =
      member === 'stream'
        ? streaming([chatFrame({ content: 'hi' }, 'stop')])
        : answering(200, Buffer.from('{}'))
    const { gateway, logged } = await toyGateway([
      { ...toy, provider: { ...toy.provider, operations: { chat: chat as never } } },
    ])
    const answer = await gateway.respond('chat', chatBody({ stream: member === 'stream' }))
    expect(answer.status).toBe(502)
    expect(await answer.text()).toContain('upstream_bad_response')
    expect(JSON.stringify(logged)).toContain(`typo in ${member}`)
  },
)

test.each([
  ['undefined', undefined],
  ['a text', 'hello'],
  ['an object without choices', { id: 'x' }],
  ['null', null],
])('a response() that gives back %s is a bad response, not an answer', async (_name, value) => {
  const chat = { request: () => ({ path: '/chat', body: {} }), response: () => value } as unknown as Operation
  const { gateway, logged } = await toyGateway([
    { provider: { operations: { chat: chat as never }, exchange: () => Promise.resolve(jsonResponse({})) } },
  ])
  const answer = await gateway.respond('chat', chatBody())
  expect([answer.status, await answer.text()]).toEqual([
    502,
    expect.stringContaining('upstream_bad_response'),
  ])
  expect(logged).toHaveLength(1)
})

test.each([[[null]], [['text']], [[{ embedding: null }]]])(
  'embeddings %j are a bad response at once, not a request that hangs',
  async (data) => {
    const { gateway } = await toyGateway([
      {
        provider: {
          operations: { embeddings: { request: () => ({ path: '/embeddings' }) } },
          exchange: () => Promise.resolve(jsonResponse({ object: 'list', data })),
        },
      },
    ])
    const answer = await gateway.respond('embeddings', { model: 'm', input: 'x' })
    expect(answer.status).toBe(502)
  },
)

test('a failure whose body breaks off is still the failure that its status says', async () => {
  const { gateway, outcomes } = await toyGateway([answering(429, cut('{"error":'), { 'retry-after': '7' })])
  const answer = await gateway.respond('chat', chatBody())
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, '7'])
  expect(outcomes[0]?.attempts[0]?.fault).toMatchObject({ kind: 'rate_limit', status: 429 })
})

test('a failure whose body never ends is still the failure that its status says', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(
    [answering(429, silentAfter('{"error":'))],
    { idle_timeout: 5 },
    { clock },
  )
  const answer = gateway.respond('chat', chatBody())
  await turn()
  clock.advance(6_000)
  expect((await answer).status).toBe(429)
})

test('a failure in an encoding that we do not read is still the failure that its status says', async () => {
  const { gateway } = await toyGateway([answering(429, Buffer.from('??'), { 'content-encoding': 'zstd' })])
  expect((await gateway.respond('chat', chatBody())).status).toBe(429)
})

test('the deadline stays a timeout, even inside the body of a failure', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway([answering(500, silentAfter('{'))], { request_timeout: 3 }, { clock })
  const answer = gateway.respond('chat', chatBody())
  await turn()
  clock.advance(3_000)
  expect((await answer).status).toBe(504)
})

test('a client that reads slowly after the finish still gets its usage', async () => {
  const clock = new ManualClock()
  const text = 'x'.repeat(100_000)
  const { gateway, outcomes } = await toyGateway(
    [streaming([chatFrame({ role: 'assistant', content: text }, 'stop'), usage, done])],
    {},
    { clock },
  )
  const answer = await gateway.respond('chat', streamed)
  await turn()
  clock.advance(10_000)
  const body = await answer.text()
  expect(body).toContain('"total_tokens":3')
  expect(body.endsWith(done)).toBe(true)
  await answer.outcome
  expect(outcomes[0]?.usage).toMatchObject({ total: 3 })
  expect(clock.pending).toBe(0)
})

test('an upstream that keeps its body open after the finish is let go after a second, and its socket with it', async () => {
  const clock = new ManualClock()
  let signal: AbortSignal | undefined
  const { gateway, outcomes } = await toyGateway(
    [
      {
        provider: {
          exchange: (_request, io: ExchangeIo) => {
            signal = io.signal
            return Promise.resolve(
              eventResponse(silentAfter(chatFrame({ role: 'assistant', content: 'hi' }, 'stop'))),
            )
          },
        },
      },
    ],
    {},
    { clock },
  )
  const answer = await gateway.respond('chat', streamed)
  await turn()
  clock.advance(1_000)
  expect((await answer.text()).endsWith(done)).toBe(true)
  await answer.outcome
  expect(outcomes[0]?.ending).toBe('complete')
  expect(signal?.aborted).toBe(true)
  expect(clock.pending).toBe(0)
})

test('half an event that lies behind the finish does not spoil a complete answer', async () => {
  const clock = new ManualClock()
  const { gateway, outcomes } = await toyGateway(
    [
      streaming(
        silentAfter(`${chatFrame({ role: 'assistant', content: 'hi' }, 'stop')}data: {"choices":[],"usa`),
      ),
    ],
    {},
    { clock },
  )
  const answer = await gateway.respond('chat', streamed)
  await turn()
  clock.advance(1_000)
  const body = await answer.text()
  expect(body).not.toContain('"error"')
  expect(body.endsWith(done)).toBe(true)
  await answer.outcome
  expect(outcomes[0]?.ending).toBe('complete')
})

test.each([
  ['204', 204, ''],
  ['a 200 without a body', 200, ''],
  ['a 200 of white space', 200, '  \n'],
  ['HTML', 200, '<html></html>'],
  ['a redirect', 302, ''],
  ['a number', 200, '42'],
  ['null', 200, 'null'],
  ['a list', 200, '[]'],
] as const)('%s is no answer: 502, streamed or not', async (_name, status, body) => {
  for (const stream of [false, true]) {
    const { gateway } = await toyGateway([answering(status, Buffer.from(body))])
    const answer = await gateway.respond('chat', chatBody({ stream }))
    expect(answer.status).toBe(502)
  }
})

test('nothing of an attempt is left when it is over: no timer, no slot, no signal that did not fire', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const { gateway, outcomes } = await toyGateway(
    [streaming(silentAfter(chatFrame({ content: 'hi' })))],
    {},
    { clock },
  )
  const answer = await gateway.respond('chat', streamed, { signal: controller.signal })
  await turn()
  controller.abort()
  await answer.outcome
  expect(outcomes[0]).toMatchObject({ ending: 'client_gone', usage: null })
  expect(clock.pending).toBe(0)
  expect(gateway.inFlight).toBe(0)
  expect((gateway.providers() as { providers: unknown }).providers).toMatchObject([{ in_flight: 0 }])
})

test('an authorize() that hangs ends with the first-byte limit, and its late answer sends nothing', async () => {
  const clock = new ManualClock()
  let late: ((headers: Record<string, string>) => void) | undefined
  let asked = 0
  const { gateway, outcomes } = await toyGateway(
    [
      {
        provider: {
          authorize: () => new Promise((resolve) => void (late = resolve)),
          exchange: () => Promise.resolve(jsonResponse(chatAnswer(String(asked++)))),
        },
        entry: { timeout: 2, max_retries: 0 },
      },
    ],
    {},
    { clock },
  )
  const answer = gateway.respond('chat', chatBody())
  await turn()
  clock.advance(2_000)
  expect((await answer).status).toBe(504)
  late?.({})
  await turn()
  expect(asked).toBe(0)
  expect(outcomes[0]?.attempts).toMatchObject([{ fault: { kind: 'timeout', phase: 'first_byte' } }])
})

test('an authorize() that rejects late, after its client has left, is nobody’s unhandled rejection', async () => {
  const controller = new AbortController()
  let refuse: ((error: Error) => void) | undefined
  const { gateway } = await toyGateway([
    {
      provider: {
        authorize: () => new Promise((_resolve, reject) => void (refuse = reject)),
        exchange: () => never,
      },
    },
  ])
  const answer = gateway.respond('chat', chatBody(), { signal: controller.signal })
  await turn()
  controller.abort()
  expect(await (await answer).outcome).toMatchObject({ ending: 'client_gone' })
  refuse?.(new Error('too late'))
  await turn()
})

test('an upstream that says x-should-retry: false is not asked again, and the next one is', async () => {
  let asked = 0
  const { gateway } = await toyGateway([
    {
      provider: {
        exchange: () => {
          asked += 1
          return Promise.resolve(
            jsonResponse({ error: { message: 'no' } }, 500, { 'x-should-retry': 'false' }),
          )
        },
      },
    },
    { provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer('whole'))) } },
  ])
  expect((await gateway.respond('chat', chatBody())).status).toBe(200)
  expect(asked).toBe(1)
})

test('limits under names of the vendor’s own are told by those that OpenAI’s clients read', async () => {
  const headers = { 'toy-ratelimit-left': '3' }
  const exchange = () => Promise.resolve(jsonResponse(chatAnswer('whole'), 200, headers))
  const named = (own: Record<string, string>) => ({
    'x-ratelimit-remaining-requests': own['toy-ratelimit-left']!,
  })
  const failing = () => {
    throw new Error('bug')
  }
  for (const [rateLimits, expected] of [
    [named, '3'],
    [failing, undefined],
  ] as const) {
    const { gateway } = await toyGateway([{ provider: { exchange, rateLimits } }])
    const answer = await gateway.respond('chat', chatBody())
    expect([answer.status, answer.headers['x-ratelimit-remaining-requests']]).toEqual([200, expected])
  }
})

test.each([
  ['a whole answer', false],
  ['the first event of a stream', true],
])('an error in %s is not repeated when the upstream asks for that', async (_name, stream) => {
  const overloaded = { error: { message: 'full', type: 'overloaded_error' } }
  let asked = 0
  const headers = { 'x-should-retry': 'false' }
  const exchange = () => {
    asked += 1
    return Promise.resolve(
      stream
        ? { ...eventResponse([`data: ${JSON.stringify(overloaded)}\n\n`]), headers }
        : jsonResponse(overloaded, 200, headers),
    )
  }
  const { gateway } = await toyGateway([
    { provider: { exchange }, entry: { max_retries: 2, retry_delay: 0.01 } },
  ])
  expect((await gateway.respond('chat', chatBody({ stream }))).status).toBe(503)
  expect(asked).toBe(1)
})

test('no timer is left by an error after the finish reason', async () => {
  const clock = new ManualClock()
  const { gateway, outcomes } = await toyGateway(
    [streaming([`${chatFrame({ content: 'hi' }, 'stop')}data: {"error":{"message":"no"}}\n\n`])],
    {},
    { clock },
  )
  const answer = await gateway.respond('chat', chatBody({ stream: true }))
  await answer.text()
  await answer.outcome
  expect(outcomes[0]?.ending).toBe('upstream_error')
  expect(clock.pending).toBe(0)
})
