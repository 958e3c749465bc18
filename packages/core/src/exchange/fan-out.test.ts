import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { Operation, PreparedRequest, UpstreamResponse } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { eventResponse, jsonResponse, never, type Toy, toyGateway } from '../../test/toy-gateway.ts'

interface Body {
  readonly input: string[]
}

type Answer = { data: { embedding: number[] }[]; usage: { prompt_tokens: number; total_tokens: number } }

/** Embeddings of a vendor that takes two inputs at once; a vector is the length of its text. */
const embeddings = {
  request: (call: { body: object }) => ({ path: '/embed', body: call.body }),
  response: (body: unknown) => body as Answer,
  split: ({ body }: { body: Body }) => {
    const pairs = Array.from({ length: Math.ceil(body.input.length / 2) }, (_, at) =>
      body.input.slice(at * 2, at * 2 + 2),
    )
    return pairs.map((input) => ({ ...body, input }))
  },
  join: (answers: readonly Answer[]) => ({
    object: 'list',
    data: answers.flatMap(({ data }) => data),
    usage: {
      prompt_tokens: answers.reduce((sum, { usage }) => sum + usage.prompt_tokens, 0),
      total_tokens: 0,
    },
  }),
} as unknown as Operation

function toy(answer: (texts: string[], request: PreparedRequest) => Promise<UpstreamResponse>): Toy {
  return {
    provider: {
      operations: { embeddings: embeddings as never },
      exchange: (request) =>
        answer((JSON.parse(Buffer.from(request.body!).toString()) as Body).input, request),
    },
    entry: { max_retries: 0 },
  }
}

const vectors = (texts: string[]) =>
  jsonResponse({
    data: texts.map(({ length }) => ({ embedding: [length] })),
    usage: { prompt_tokens: texts.length },
  })

const inputs = ['a', 'bb', 'ccc', 'dddd', 'eeeee']

test('the parts are asked for, at most four at a time, and joined in their order', async () => {
  let running = 0
  let most = 0
  const many = Array.from({ length: 20 }, (_, at) => 'x'.repeat(at + 1))
  const { gateway, outcomes } = await toyGateway([
    toy(async (texts) => {
      most = Math.max(most, (running += 1))
      // Later parts answer first.
      for (let wait = 30 - texts[0]!.length; wait > 0; wait -= 1) await turn()
      running -= 1
      return vectors(texts)
    }),
  ])
  const answer = await gateway.respond('embeddings', { model: 'm', input: many })
  const body = (await answer.json()) as Answer
  expect(body.data.map(({ embedding }) => embedding[0])).toEqual(many.map(({ length }) => length))
  expect(body.usage.prompt_tokens).toBe(20)
  expect(most).toBe(4)
  expect(outcomes[0]).toMatchObject({ ending: 'complete', attempts: [{ provider: 'toy0' }] })
})

test('one part is one exchange, with the request as it is', async () => {
  const seen: string[][] = []
  const { gateway } = await toyGateway([toy((texts) => Promise.resolve((seen.push(texts), vectors(texts))))])
  expect((await gateway.respond('embeddings', { model: 'm', input: ['a', 'b'] })).status).toBe(200)
  expect(seen).toEqual([['a', 'b']])
})

test('the first failure is the failure of all: the others are given up, and the next provider is asked for everything', async () => {
  const aborted: string[] = []
  const failing: Toy = {
    provider: {
      operations: { embeddings: embeddings as never },
      exchange: (request, { signal }) => {
        const { input } = JSON.parse(Buffer.from(request.body!).toString()) as Body
        if (input[0] === 'ccc') return Promise.resolve(jsonResponse({ error: { message: 'full' } }, 503))
        signal.addEventListener('abort', () => aborted.push(input[0]!))
        return never
      },
    },
    entry: { max_retries: 0 },
  }
  const { gateway, outcomes } = await toyGateway([failing, toy((texts) => Promise.resolve(vectors(texts)))])
  const answer = await gateway.respond('embeddings', { model: 'm', input: inputs })
  expect(((await answer.json()) as Answer).data).toHaveLength(5)
  expect(aborted.toSorted()).toEqual(['a', 'eeeee'])
  await answer.outcome
  expect(outcomes[0]!.attempts.map(({ provider, fault }) => [provider, fault?.kind])).toEqual([
    ['toy0', 'overloaded'],
    ['toy1', undefined],
  ])
})

test('an answer of a part that cannot be read fails them all', async () => {
  const { gateway } = await toyGateway([
    toy((texts) => Promise.resolve(texts[0] === 'a' ? vectors(texts) : jsonResponse({ nothing: true }))),
  ])
  const answer = await gateway.respond('embeddings', { model: 'm', input: inputs })
  expect(answer.status).toBe(502)
  expect(await answer.text()).toContain('bad_response')
})

test('a client that leaves takes every part with it', async () => {
  let aborted = 0
  const { gateway, outcomes } = await toyGateway([
    {
      provider: {
        operations: { embeddings: embeddings as never },
        exchange: (_request, { signal }) => {
          signal.addEventListener('abort', () => (aborted += 1))
          return never
        },
      },
    },
  ])
  const abort = new AbortController()
  const answer = gateway.respond('embeddings', { model: 'm', input: inputs }, { signal: abort.signal })
  await turn()
  abort.abort()
  await (
    await answer
  ).outcome
  expect(aborted).toBe(3)
  expect(outcomes[0]!.ending).toBe('client_gone')
})

test('too many parts are a mistake of the client', async () => {
  const { gateway } = await toyGateway([toy((texts) => Promise.resolve(vectors(texts)))])
  const answer = await gateway.respond('embeddings', {
    model: 'm',
    input: Array.from({ length: 514 }, () => 'a'),
  })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('takes 257 exchanges')
})

test('what every part drops is told once', async () => {
  const dropping = {
    ...embeddings,
    request: (call: { body: object; dropped(field: string): void }) => {
      call.dropped('user')
      return { path: '/embed', body: call.body }
    },
  }
  const { gateway } = await toyGateway([
    {
      provider: {
        operations: { embeddings: dropping as never },
        exchange: (request) =>
          Promise.resolve(vectors((JSON.parse(Buffer.from(request.body!).toString()) as Body).input)),
      },
    },
  ])
  const answer = await gateway.respond('embeddings', { model: 'm', input: inputs, user: 'u' })
  expect(answer.headers['x-llmproxy-dropped']).toBe('user')
})

test('a streamed request is answered with the frames of the joined answer', async () => {
  const chat = {
    request: (call: { body: { messages: { content: string }[] }; stream: boolean }) => ({
      path: '/chat',
      body: { say: call.body.messages[0]!.content, live: call.stream },
    }),
    response: (body: { said: string }) => ({
      choices: [{ index: 0, message: { content: body.said }, finish_reason: 'stop' }],
    }),
    stream: () => ({ event: () => [] }),
    split: ({ body }: { body: { messages: object[] } }) =>
      body.messages.map((message) => ({ ...body, messages: [message] })),
    join: (answers: { choices: object[] }[]) => ({
      id: 'joined',
      choices: answers.map(({ choices }, index) => ({ ...choices[0], index })),
    }),
  } as unknown as Operation
  const { gateway } = await toyGateway([
    {
      provider: {
        operations: { chat: chat as never },
        exchange: (request) => {
          const { say, live } = JSON.parse(Buffer.from(request.body!).toString()) as {
            say: string
            live: boolean
          }
          return Promise.resolve(
            live ? eventResponse(['data: {}\n\n']) : jsonResponse({ said: say.toUpperCase() }),
          )
        },
      },
    },
  ])
  const messages = ['one', 'two'].map((content) => ({ role: 'user', content }))
  const answer = await gateway.respond('chat', { model: 'm', messages, stream: true })
  const text = await answer.text()
  expect(text).toContain('"content":"ONE"')
  expect(text).toContain('"content":"TWO"')
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
})

test('the first byte of any part is the first byte: many parts may take longer together', async () => {
  const clock = new ManualClock()
  const many = Array.from({ length: 20 }, () => 'x')
  const slow = toy(
    (texts) =>
      new Promise((resolve) => {
        clock.after(2_000, () => resolve(vectors(texts)))
      }),
  )
  const { gateway } = await toyGateway([{ ...slow, entry: { timeout: 3, max_retries: 0 } }], {}, { clock })
  const answer = gateway.respond('embeddings', { model: 'm', input: many })
  for (let step = 0; step < 4; step += 1) {
    for (let wait = 0; wait < 10; wait += 1) await turn()
    clock.advance(2_000)
  }
  expect((await answer).status).toBe(200)
  expect(clock.pending).toBe(0)
})

test('the limits that are passed on are those of the part that answered last', async () => {
  let left = 10
  const { gateway } = await toyGateway([
    toy((texts) =>
      Promise.resolve({
        ...vectors(texts),
        headers: {
          'content-type': 'application/json',
          'x-ratelimit-remaining-requests': String((left -= 1)),
        },
      }),
    ),
  ])
  const answer = await gateway.respond('embeddings', { model: 'm', input: inputs })
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-remaining-requests': '7',
  })
})

test.each([
  ['in an encoding that we do not read', Buffer.from('??'), { 'content-encoding': 'zstd' }],
  ['that is not compressed as it says', Buffer.from('??'), { 'content-encoding': 'gzip' }],
  ['that is longer than an answer may be', Buffer.alloc(100_000, 120), {}],
])('a part that is refused with a text %s is what its status says', async (_name, body, headers) => {
  const { gateway, outcomes } = await toyGateway(
    [toy(() => Promise.resolve({ status: 429, headers: { ...headers, 'retry-after': '7' }, body }))],
    { response_limit: 65_536 },
  )
  const answer = await gateway.respond('embeddings', { model: 'm', input: inputs })
  expect([answer.status, answer.headers['retry-after']]).toEqual([429, '7'])
  await answer.outcome
  expect(outcomes[0]!.attempts).toHaveLength(1)
})

test.each([
  ['with a status', jsonResponse({ error: { message: 'full' } }, 503, { 'x-should-retry': 'false' })],
  [
    'inside of a 2xx',
    jsonResponse({ error: { message: 'full', type: 'overloaded_error' } }, 200, {
      'x-should-retry': 'false',
    }),
  ],
])('parts are not repeated when one is refused %s and the upstream asks for none', async (_name, refused) => {
  let asked = 0
  const vendor = toy(() => Promise.resolve((asked++, refused)))
  const { gateway, outcomes } = await toyGateway([
    { ...vendor, entry: { max_retries: 2, retry_delay: 0.01 } },
  ])
  const answer = await gateway.respond('embeddings', { model: 'm', input: inputs })
  await answer.outcome
  expect(answer.status).toBeGreaterThanOrEqual(500)
  expect(outcomes[0]!.attempts).toHaveLength(1)
  expect(asked).toBe(3)
})

test('a join() that gives back no answer is a bad response', async () => {
  for (const join of [() => ({}), () => undefined, () => ({ data: [{ embedding: [1] }] })]) {
    const { gateway } = await toyGateway([
      {
        ...toy((texts) => Promise.resolve(vectors(texts))),
        provider: {
          ...toy((texts) => Promise.resolve(vectors(texts))).provider,
          operations: { embeddings: { ...embeddings, join } as never },
        },
      },
    ])
    expect((await gateway.respond('embeddings', { model: 'm', input: inputs })).status).toBe(502)
  }
})

test('a part that could not be sent does not repeat those that were', async () => {
  const open: ServerResponse[] = []
  const server = createServer((request, reply) => {
    request.resume()
    if (open.push(reply) < 4) return
    // The fifth part finds nobody.
    server.close()
    const answer = { data: [{ embedding: [1] }, { embedding: [1] }], usage: { prompt_tokens: 1 } }
    for (const waiting of open) {
      waiting.writeHead(200, { 'content-type': 'application/json', connection: 'close' })
      waiting.end(JSON.stringify(answer))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { gateway, outcomes } = await toyGateway([
    {
      provider: { baseUrl, operations: { embeddings: embeddings as never } },
      entry: { max_retries: 2, retry_delay: 0.01 },
    },
  ])
  const many = Array.from({ length: 10 }, () => 'x')
  const answer = await gateway.respond('embeddings', { model: 'm', input: many })
  await answer.outcome
  expect(answer.status).toBe(502)
  expect(outcomes[0]!.attempts.map(({ fault }) => fault?.kind)).toEqual(['network'])
  await gateway.close()
})
