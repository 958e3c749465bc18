import type { PreparedRequest, Provider, UpstreamResponse } from '@llmproxy/provider-kit'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { never } from '../../test/toy-gateway.ts'
import { sendInProcess } from './send-in-process.ts'
import type { AttemptFault, Receiver, Transfer } from './transfer.ts'

const request: PreparedRequest = { operation: 'chat', method: 'POST', url: 'toy://x/chat', headers: {} }

/** Writes down what it receives, in order. */
function recorder() {
  const events: string[] = []
  const faults: AttemptFault[] = []
  const receiver: Receiver = {
    start: (status, headers) => void events.push(`start ${status} ${JSON.stringify(headers)}`),
    data: (chunk) => void events.push(`data ${chunk.toString()}`),
    end: () => void events.push('end'),
    failed: (fault) => {
      events.push(`failed ${fault.kind}`)
      faults.push(fault)
    },
  }
  return { events, faults, receiver }
}

function run(exchange: () => unknown, receiver: Receiver): Transfer {
  return sendInProcess({ exchange } as unknown as Provider, request, receiver, new ManualClock())
}

function response(body: unknown, members: object = {}): Promise<UpstreamResponse> {
  return Promise.resolve({ status: 200, headers: {}, body, ...members } as UpstreamResponse)
}

test('a body of bytes and a body of pieces arrive alike', async () => {
  const whole = recorder()
  run(() => response(Buffer.from('ab')), whole.receiver)
  const pieces = recorder()
  run(
    async () =>
      response(
        (async function* () {
          yield Buffer.from('a')
          yield new Uint8Array()
          yield new Uint8Array(Buffer.from('xby')).subarray(1, 2)
        })(),
      ),
    pieces.receiver,
  )
  await turn()
  expect(whole.events).toEqual(['start 200 {}', 'data ab', 'end'])
  expect(pieces.events).toEqual(['start 200 {}', 'data a', 'data b', 'end'])
})

test('header names are read in any case', async () => {
  const { events, receiver } = recorder()
  run(() => response(Buffer.from('{}'), { headers: { 'Content-Type': 'application/json' } }), receiver)
  await turn()
  expect(events[0]).toBe('start 200 {"content-type":"application/json"}')
})

test.each([
  ['nothing', undefined],
  ['no status', { headers: {}, body: Buffer.alloc(0) }],
  ['a status that is none', { status: 20, headers: {}, body: Buffer.alloc(0) }],
  ['no headers', { status: 200, body: Buffer.alloc(0) }],
  ['no body', { status: 200, headers: {} }],
  ['a text as body', { status: 200, headers: {}, body: '{}' }],
])('an exchange() that gives back %s is a bug of the plugin, told as such', async (_name, value) => {
  const { events, faults, receiver } = recorder()
  run(() => Promise.resolve(value), receiver)
  await turn()
  expect(events).toEqual(['failed bad_response'])
  expect(faults[0]?.thrown).toBeInstanceOf(TypeError)
})

test('a piece that is not bytes is a bug of the plugin, and its generator is closed', async () => {
  const { events, faults, receiver } = recorder()
  let closed = false
  run(
    async () =>
      response(
        (async function* () {
          try {
            yield Buffer.from('a')
            yield 'b'
            yield Buffer.from('c')
          } finally {
            closed = true
          }
        })(),
      ),
    receiver,
  )
  await turn()
  expect(events).toEqual(['start 200 {}', 'data a', 'failed bad_response'])
  expect(String(faults[0]?.thrown)).toContain('Uint8Array')
  expect(closed).toBe(true)
})

test.each([
  [
    'throws at once',
    () => {
      throw new Error('x')
    },
  ],
  ['rejects', () => Promise.reject(new Error('x'))],
])('an exchange() that %s is a failure of the network', async (_name, exchange) => {
  const { events, receiver } = recorder()
  run(exchange, receiver)
  await turn()
  expect(events).toEqual(['failed network'])
})

test('a body that throws late has been cut', async () => {
  const { events, receiver } = recorder()
  run(
    async () =>
      response(
        (async function* () {
          yield Buffer.from('a')
          throw new Error('late')
        })(),
      ),
    receiver,
  )
  await turn()
  expect(events).toEqual(['start 200 {}', 'data a', 'failed bad_response'])
})

test('after abort nothing arrives: not what is yielded late, not what is thrown late', async () => {
  for (const late of ['yield', 'throw', 'reject'] as const) {
    const { events, receiver } = recorder()
    let go: () => void = () => undefined
    const gate = new Promise<void>((resolve) => void (go = resolve))
    const transfer = run(async () => {
      if (late === 'reject') await gate.then(() => Promise.reject(new Error('late')))
      return response(
        (async function* () {
          await gate
          if (late === 'throw') throw new Error('late')
          yield Buffer.from('late')
        })(),
      )
    }, receiver)
    await turn()
    events.length = 0
    transfer.abort()
    transfer.abort()
    go()
    await turn()
    expect(events).toEqual([])
  }
})

test('a paused exchange is asked for no more, and an aborted one is closed without another piece', async () => {
  const { events, receiver } = recorder()
  let made = 0
  let closed = false
  const transfer = run(
    async () =>
      response(
        (async function* () {
          try {
            for (;;) yield Buffer.from(String(made++))
          } finally {
            closed = true
          }
        })(),
      ),
    {
      ...receiver,
      data: (chunk) => {
        receiver.data(chunk)
        transfer.pause()
      },
    },
  )
  await turn()
  expect([made, events]).toEqual([1, ['start 200 {}', 'data 0']])
  transfer.resume()
  await turn()
  expect(made).toBe(2)
  transfer.abort()
  await turn()
  expect([made, closed]).toEqual([2, true])
})

test('the signal fires on abort, and an exchange that never ends holds nobody up', async () => {
  const { events, receiver } = recorder()
  let signal: AbortSignal | undefined
  const provider = {
    exchange: (_request: unknown, io: { signal: AbortSignal }) => {
      signal = io.signal
      return never
    },
  }
  const transfer = sendInProcess(provider as unknown as Provider, request, receiver, new ManualClock())
  transfer.abort()
  await turn()
  expect([signal?.aborted, events]).toEqual([true, []])
})
