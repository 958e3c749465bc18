import type { HeaderMap } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse, never, throwFault, toyGateway } from '../test/toy-gateway.ts'
import type { Egress } from './egress.ts'
import type { Ingress } from './ingress/ingress.ts'

/** An egress that writes down what it is told. */
class Recorder implements Egress {
  gone = false
  onDrain: (() => void) | undefined
  onGone: (() => void) | undefined
  readonly heads: { status: number; headers: HeaderMap }[] = []
  readonly written: string[] = []
  ended = 0

  head(status: number, headers: HeaderMap): void {
    this.heads.push({ status, headers })
  }

  write(bytes: Uint8Array | string): boolean {
    this.written.push(Buffer.from(bytes as Uint8Array).toString())
    return true
  }

  end(bytes?: Uint8Array | string): void {
    if (bytes !== undefined) this.write(bytes)
    this.ended += 1
  }
}

function chat(members: object = {}): Ingress {
  const body = chatBody(members)
  return {
    id: 'request-1',
    operation: 'chat',
    bytes: Buffer.from(JSON.stringify(body)),
    body: body as Ingress['body'],
    caller: 'tester',
    headers: {},
    startedAt: performance.now(),
  }
}

test('a client that has left before its request is served costs nothing: no upstream is asked', async () => {
  let asked = 0
  const { gateway } = await toyGateway([
    { provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer(String(asked++)))) } },
  ])
  const egress = new Recorder()
  egress.gone = true
  const outcome = await gateway.handle(chat(), egress)
  expect(asked).toBe(0)
  expect(outcome).toMatchObject({ ending: 'client_gone', attempts: [] })
  expect(egress.heads).toEqual([])
})

test('an observer that throws does not reject the request', async () => {
  const { gateway, logged } = await toyGateway(
    [{ provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer('hi'))) } }],
    {},
    {
      observe: () => {
        throw new Error('the disk is full')
      },
    },
  )
  const outcome = await gateway.handle(chat(), new Recorder())
  expect(outcome.ending).toBe('complete')
  expect(JSON.stringify(logged)).toContain('the disk is full')
})

test('a gateway that was closed asks nobody, and says why', async () => {
  let asked = 0
  const { gateway } = await toyGateway([
    { provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer(String(asked++)))) } },
  ])
  await gateway.close()
  const egress = new Recorder()
  await gateway.handle(chat(), egress)
  expect(asked).toBe(0)
  expect(egress.heads).toHaveLength(1)
  expect(egress.written.join('')).toContain('shutting_down')
  expect(gateway.ready()).toBe(false)
})

test('close() ends requests in every phase, and nothing stays in flight', async () => {
  const { gateway } = await toyGateway([{ provider: { exchange: () => never } }], { request_timeout: 0 })
  const egress = new Recorder()
  const running = gateway.handle(chat(), egress)
  expect(gateway.inFlight).toBe(1)
  await gateway.close()
  expect(await running).toMatchObject({ ending: 'proxy_timeout', errorCode: 'shutting_down' })
  expect(egress.ended).toBe(1)
  expect(gateway.inFlight).toBe(0)
})

test.each([
  ['a cancellation that no client asked for', { kind: 'cancelled', message: 'aborted' }],
  ['a kind that does not exist', { kind: 'banana', message: 'odd' }],
  ['no fault at all', undefined],
  ['a text', 'it broke'],
  ['no message', { kind: 'upstream' }],
])(
  'a plugin that throws %s is answered for with a 502, and its slot and permit come back',
  async (_name, fault) => {
    let attempt = 0
    const { gateway } = await toyGateway([
      {
        provider: {
          exchange: () =>
            attempt++ === 0 ? throwFault(fault) : Promise.resolve(jsonResponse(chatAnswer('hi'))),
        },
        entry: {
          max_connections: 1,
          max_retries: 0,
          circuit_breaker_threshold: 1,
          circuit_breaker_timeout: 0,
        },
      },
    ])
    const egress = new Recorder()
    const first = await gateway.handle(chat(), egress)
    expect(first.status).toBe(502)
    expect(egress.ended).toBe(1)
    const second = await gateway.handle(chat(), new Recorder())
    expect(second.ending).toBe('complete')
  },
)

test('a fault with a senseless wait does not disable the pause of its deployment', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(
    [
      {
        provider: {
          exchange: () => throwFault({ kind: 'rate_limit', message: 'slow down', retryAfterMs: Number.NaN }),
        },
      },
      { provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer('hi'))) } },
    ],
    {},
    { clock },
  )
  await gateway.handle({ ...chat(), startedAt: clock.now() }, new Recorder())
  const second = await gateway.handle({ ...chat(), startedAt: clock.now() }, new Recorder())
  expect(second.attempts.map(({ provider }) => provider)).toEqual(['toy1'])
})

test('the overhead of an error answer is the time that the gateway took for itself', async () => {
  const clock = new ManualClock()
  const failing = () => {
    clock.advance(70)
    return throwFault({ kind: 'invalid_request', message: 'no' })
  }
  const { gateway } = await toyGateway([{ provider: { exchange: failing } }], {}, { clock })
  const egress = new Recorder()
  const outcome = await gateway.handle({ ...chat(), startedAt: clock.now() - 3 }, egress)
  expect([egress.heads[0]?.status, egress.heads[0]?.headers['x-llmproxy-overhead-ms']]).toEqual([400, '3.00'])
  expect(outcome.overheadMs).toBe(3)
})

test('the deadline that passes in the queue is the end: nobody else is asked with no time left', async () => {
  const clock = new ManualClock()
  let asked = 0
  const busy = {
    provider: { exchange: () => never },
    entry: { max_connections: 1, queue_timeout: 60, timeout: 0 },
  }
  const { gateway } = await toyGateway(
    [busy, { provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer(String(asked++)))) } }],
    { request_timeout: 5 },
    { clock },
  )
  void gateway.handle({ ...chat(), startedAt: clock.now() + 1_000_000 }, new Recorder())
  const egress = new Recorder()
  const waiting = gateway.handle({ ...chat(), startedAt: clock.now() }, egress)
  clock.advance(5_000)
  const outcome = await waiting
  expect(asked).toBe(0)
  expect(outcome.status).toBeGreaterThanOrEqual(500)
  expect(egress.ended).toBe(1)
  await gateway.close()
})

test('a provider that was passed over is not the one that the outcome names', async () => {
  const clock = new ManualClock()
  const failing = { provider: { exchange: () => throwFault({ kind: 'upstream', message: 'broken' }) } }
  const busy = {
    provider: { exchange: () => never },
    entry: { max_connections: 1, queue_timeout: 0, timeout: 0 },
  }
  const { gateway } = await toyGateway(
    [{ ...failing, entry: { max_retries: 0 } }, busy],
    { request_timeout: 0 },
    { clock },
  )
  void gateway.handle({ ...chat(), startedAt: clock.now() }, new Recorder())
  await new Promise((resolve) => setImmediate(resolve))
  const egress = new Recorder()
  const outcome = await gateway.handle({ ...chat(), startedAt: clock.now() }, egress)
  expect(outcome.attempts.map(({ provider }) => provider)).toEqual(['toy0'])
  expect(outcome.provider).toBe('toy0')
  expect(egress.heads[0]?.headers['x-llmproxy-provider']).toBe('toy0')
  await gateway.close()
})
