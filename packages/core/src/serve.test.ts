import { type Operations, ProviderFault, type UpstreamResponse } from '@llmproxy/provider-kit'
import { createServer, type AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import {
  chatAnswer,
  chatBody,
  chatFrame,
  eventResponse,
  jsonResponse,
  never,
  type Toy,
  toyGateway,
} from '../test/toy-gateway.ts'

/** A provider that gives one of `answers` after the other; the last one stays. A fault is thrown. */
function script(
  answers: readonly (object | UpstreamResponse)[],
  entry: object = {},
): Toy & { asked: number } {
  const toy = {
    asked: 0,
    entry,
    provider: {
      exchange: (): Promise<UpstreamResponse> => {
        const answer = answers[toy.asked++] ?? answers.at(-1) ?? {}
        return 'kind' in answer
          ? Promise.reject(new ProviderFault(answer as ProviderFault['fault']))
          : Promise.resolve(answer as UpstreamResponse)
      },
    },
  }
  return toy
}

const good = jsonResponse(chatAnswer('hi'))
const broken = { kind: 'upstream', message: 'broken' }
const settings = { max_attempts: 3, request_timeout: 0 }
const noRetry = { max_retries: 0 }

test('the deployments are asked in order, each once, and the answer says how many it took', async () => {
  const toys = [script([broken], noRetry), script([broken], noRetry), script([good])]
  const { gateway, outcomes } = await toyGateway(toys, settings)
  const answer = await gateway.respond('chat', chatBody())
  expect(answer.headers).toMatchObject({ 'x-llmproxy-provider': 'toy2', 'x-llmproxy-attempts': '3' })
  expect(await answer.json()).toMatchObject({ _proxy_info: { provider: 'toy2', attempt_number: 3 } })
  expect(toys.map(({ asked }) => asked)).toEqual([1, 1, 1])
  expect(outcomes[0]?.attempts.map(({ provider, fault }) => [provider, fault?.kind])).toEqual([
    ['toy0', 'upstream'],
    ['toy1', 'upstream'],
    ['toy2', undefined],
  ])
})

test('pauses that are only guessed never make a model vanish: of several, the first is asked all the same', async () => {
  const limited = { kind: 'rate_limit', message: 'too many' }
  const clock = new ManualClock()
  const toys = [script([limited]), script([limited, good])]
  const { gateway } = await toyGateway(toys, settings, { clock })
  const status = async () => (await gateway.respond('chat', chatBody())).status
  expect(await status()).toBe(429)
  expect(toys.map(({ asked }) => asked)).toEqual([1, 1])
  expect(await status()).toBe(429)
  expect(toys.map(({ asked }) => asked)).toEqual([2, 1])
  // As soon as one of them may be asked, it is.
  clock.advance(4_990)
  expect(await status()).toBe(429)
  expect(toys.map(({ asked }) => asked)).toEqual([3, 1])
  clock.advance(20)
  expect(await status()).toBe(200)
  expect(toys.map(({ asked }) => asked)).toEqual([3, 2])
})

test('retries at the first deployments leave an attempt for the last one', async () => {
  const toys = [script([broken], { retry_delay: 0 }), script([broken], { retry_delay: 0 }), script([good])]
  const { gateway } = await toyGateway(toys, { request_timeout: 0 })
  expect((await gateway.respond('chat', chatBody())).headers['x-llmproxy-attempts']).toBe('5')
  expect(toys.map(({ asked }) => asked)).toEqual([3, 1, 1])
})

test.each([1, 2, 3, 5])(
  'max_attempts %i is the number of upstream requests, over all deployments',
  async (limit) => {
    const toys = [
      script([broken], { max_retries: 9, retry_delay: 0 }),
      script([broken], { max_retries: 9, retry_delay: 0 }),
    ]
    const { gateway, outcomes } = await toyGateway(toys, { ...settings, max_attempts: limit })
    const answer = await gateway.respond('chat', chatBody())
    await answer.outcome
    expect(toys.reduce((sum, { asked }) => sum + asked, 0)).toBe(limit)
    expect(outcomes[0]?.attempts).toHaveLength(limit)
    expect(answer.headers['x-should-retry']).toBe('false')
  },
)

test('max_retries is for each deployment, and a fault that repeats is asked again after its backoff only', async () => {
  const clock = new ManualClock()
  const toy = script([broken, broken, good], { max_retries: 2, retry_delay: 1 })
  const { gateway } = await toyGateway([toy], settings, { clock, random: () => 0.5 })
  const answer = gateway.respond('chat', chatBody())
  await turn()
  expect(toy.asked).toBe(1)
  clock.advance(499)
  await turn()
  expect(toy.asked).toBe(1)
  clock.advance(1)
  await turn()
  expect(toy.asked).toBe(2)
  clock.advance(1_000)
  expect((await answer).status).toBe(200)
  expect(clock.pending).toBe(0)
})

test('a client that leaves in a backoff, or in the queue, ends it at once: no further request, no timer, no slot', async () => {
  const clock = new ManualClock()
  const failing = script([broken], { max_retries: 5, retry_delay: 60 })
  const busy: Toy = {
    provider: { exchange: () => never },
    entry: { max_connections: 1, queue_timeout: 60, timeout: 0 },
  }
  for (const toy of [failing, busy]) {
    const { gateway } = await toyGateway(
      [toy],
      { ...settings, max_retry_wait: 100 },
      { clock, random: () => 0.9 },
    )
    const first = new AbortController()
    const second = new AbortController()
    const answers = [first, second].map(({ signal }) => gateway.respond('chat', chatBody(), { signal }))
    await turn()
    second.abort()
    first.abort()
    const outcomes = await Promise.all(answers.map(async (answer) => (await answer).outcome))
    // The queue did not pass over a client that has left it.
    expect(outcomes.map((outcome) => [outcome?.ending, outcome?.skipped])).toEqual([
      ['client_gone', undefined],
      ['client_gone', undefined],
    ])
    expect([clock.pending, gateway.inFlight]).toEqual([0, 0])
  }
  expect(failing.asked).toBe(2)
})

test.each([
  [
    'a TypeError',
    () => {
      throw new TypeError('typo')
    },
    502,
  ],
  [
    'a fault of the request',
    () => {
      throw new ProviderFault({ kind: 'invalid_request', message: 'no', param: 'n' })
    },
    400,
  ],
  ['nothing', () => undefined, 502],
  ['a body that cannot be written', () => ({ path: '/', body: { n: 1n } }), 502],
])('request() that gives %s takes no slot and asks nobody', async (_name, request, status) => {
  const toy = script([good], { max_connections: 1 })
  const operations = { chat: { request } } as unknown as Operations
  const { gateway } = await toyGateway([{ ...toy, provider: { ...toy.provider, operations } }], settings)
  for (let count = 0; count < 3; count++)
    expect((await gateway.respond('chat', chatBody())).status).toBe(status)
  expect(toy.asked).toBe(0)
  expect((gateway.providers() as { providers: unknown }).providers).toMatchObject([
    { in_flight: 0, queued: 0 },
  ])
})

test('strict turns what would be dropped into a 400 that names it; else a header does', async () => {
  for (const strict of [true, false]) {
    const toy = script([good], { strict })
    const operations = {
      chat: {
        request: (call: { dropped(field: string): void }) => {
          call.dropped('seed')
          return { path: '/' }
        },
      },
    }
    const { gateway } = await toyGateway([{ ...toy, provider: { ...toy.provider, operations } }], settings)
    const answer = await gateway.respond('chat', chatBody({ seed: 1 }))
    expect([answer.status, answer.headers['x-llmproxy-dropped'], toy.asked]).toEqual(
      strict ? [400, 'seed', 0] : [200, 'seed', 1],
    )
  }
})

test('what one deployment dropped is not told of the next', async () => {
  const dropping = script([broken], noRetry)
  const operations = {
    chat: {
      request: (call: { dropped(field: string): void }) => {
        call.dropped('seed')
        return { path: '/' }
      },
    },
  }
  const { gateway } = await toyGateway(
    [{ ...dropping, provider: { ...dropping.provider, operations } }, script([good])],
    settings,
  )
  expect((await gateway.respond('chat', chatBody())).headers).not.toHaveProperty('x-llmproxy-dropped')
})

test('an operation that is named but not there is not offered', async () => {
  const toy = script([good])
  const operations = {
    chat: { request: () => ({ path: '/' }) },
    embeddings: undefined,
  } as unknown as Operations
  const { gateway } = await toyGateway([{ ...toy, provider: { ...toy.provider, operations } }], settings)
  expect((await gateway.respond('embeddings', { model: 'm', input: 'x' })).status).toBe(501)
  expect((gateway.providers() as { providers: unknown }).providers).toMatchObject([
    { operations: ['chat', 'completions'] },
  ])
})

test('what those in front heard counts for those who waited: a queue does not run into a pause', async () => {
  const answers: ((fault: object) => void)[] = []
  let asked = 0
  const toy: Toy = {
    provider: {
      exchange: () => {
        asked += 1
        return new Promise((_resolve, reject) => {
          answers.push((fault) => reject(new ProviderFault(fault as ProviderFault['fault'])))
        })
      },
    },
    entry: { max_connections: 1, max_retries: 0 },
  }
  const { gateway } = await toyGateway([toy], settings)
  const requests = [0, 1, 2].map(() => gateway.respond('chat', chatBody()))
  await turn()
  answers[0]?.({ kind: 'rate_limit', message: 'slow', retryAfterMs: 30_000 })
  for (const request of requests) {
    const answer = await request
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '30'])
  }
  expect(asked).toBe(1)
})

test('a keep-alive race uses up none of the retries', async () => {
  let count = 0
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (bytes) => {
      if (!bytes.includes(' HTTP/1.1')) return
      const text = JSON.stringify(chatAnswer('hi'))
      count += 1
      if (count === 2) socket.destroy()
      else if (count === 3) socket.write('HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n')
      else
        socket.write(
          `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
        )
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const { gateway, outcomes } = await toyGateway(
    [{ provider: { baseUrl: `http://127.0.0.1:${port}` }, entry: { max_retries: 1, retry_delay: 0 } }],
    settings,
  )
  await (await gateway.respond('chat', chatBody())).text()
  await turn()
  const answer = await gateway.respond('chat', chatBody())
  expect(answer.status).toBe(200)
  await answer.outcome
  expect(outcomes[1]?.attempts.map(({ fault }) => fault?.kind)).toEqual(['network', 'upstream', undefined])
  await gateway.close()
  server.close()
})

test('after the first event nobody else is asked: the stream ends in one error frame, usage unknown', async () => {
  const second = script([good])
  const first: Toy = {
    provider: {
      exchange: () =>
        Promise.resolve(
          eventResponse([
            chatFrame({ role: 'assistant', content: 'hi' }),
            'data: {"error":{"message":"m"}}\n\n',
          ]),
        ),
    },
  }
  const { gateway, outcomes } = await toyGateway([first, second], settings)
  const answer = await gateway.respond('chat', chatBody({ stream: true }))
  const text = await answer.text()
  await answer.outcome
  expect(text.match(/"error"/g)).toHaveLength(1)
  expect(text).not.toContain('[DONE]')
  expect(second.asked).toBe(0)
  expect(outcomes[0]).toMatchObject({
    ending: 'upstream_error',
    status: 200,
    usage: null,
    bytesOut: Buffer.byteLength(text),
  })
})

test('a comment on silence costs the status, not the fallback; a failure then stands in the stream', async () => {
  const clock = new ManualClock()
  const slow: Toy = { provider: { exchange: () => never }, entry: { timeout: 10, max_retries: 0 } }
  const stream = eventResponse([chatFrame({ role: 'assistant', content: 'hi' }, 'stop')])
  for (const next of [script([stream]), script([broken], noRetry)]) {
    const { gateway } = await toyGateway([slow, next], { ...settings, keepalive_interval: 4 }, { clock })
    const answering = gateway.respond('chat', chatBody({ stream: true }))
    await turn()
    clock.advance(4_000)
    const answer = await answering
    expect(answer.status).toBe(200)
    clock.advance(6_000)
    const text = await answer.text()
    expect(text.startsWith(': keepalive\n\n')).toBe(true)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(next.asked === 1 && text.includes('"content":"hi"'))
    expect(text.includes('providers_unavailable')).toBe(!text.includes('[DONE]'))
  }
})
