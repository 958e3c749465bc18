import { once } from 'node:events'
import { createServer, type AddressInfo, type LookupFunction, type Server, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { send } from './send.ts'
import type { AttemptFault, Transfer } from './transfer.ts'
import { openUpstream } from './upstream.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that accepts and says nothing. */
async function silent(): Promise<{ port: number; sockets: Set<Socket>; server: Server }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.resume()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sockets, server }
}

interface Asked {
  readonly transfer: Transfer
  readonly destroy: () => Promise<void>
  readonly faults: readonly AttemptFault[]
}

/** One request to `origin`, over a pool of its own. */
function ask(origin: string, clock: ManualClock, lookup?: LookupFunction, connectTimeoutMs = 100): Asked {
  const pool = openUpstream(origin, { connectTimeoutMs, keepAliveMs: 1_000, allowH2: false, clock, lookup })
  const destroy = () => pool.destroy()
  closers.push(destroy)
  const faults: AttemptFault[] = []
  const transfer = send(
    { upstream: pool, origin },
    { operation: 'chat', method: 'POST', url: `${origin}/x`, headers: {}, body: Buffer.from('{}') },
    {
      start: () => undefined,
      data: () => undefined,
      end: () => undefined,
      failed: (f) => void faults.push(f),
    },
  )
  return { transfer, destroy, faults }
}

const noAnswer: LookupFunction = () => undefined
const late = { kind: 'timeout', phase: 'connect', nothingSent: true }

test('a TLS handshake that is never answered ends on time, and its socket with it', async () => {
  const { port, sockets } = await silent()
  const clock = new ManualClock()
  const { faults } = ask(`https://127.0.0.1:${port}`, clock)
  await vi.waitFor(() => expect(sockets.size).toBe(1))
  clock.advance(99)
  await new Promise(setImmediate)
  expect(faults).toEqual([])
  clock.advance(1)
  await vi.waitFor(() => expect(faults).toMatchObject([late]))
  await vi.waitFor(() => expect(sockets.size).toBe(0))
  expect(clock.pending).toBe(0)
})

test('a name that is never resolved ends on time', async () => {
  const clock = new ManualClock()
  const { faults } = ask('http://models.test', clock, noAnswer)
  clock.advance(100)
  await vi.waitFor(() => expect(faults).toMatchObject([late]))
  expect(clock.pending).toBe(0)
})

test('one limit for all of it: a slow name leaves less for the handshake', async () => {
  const { port, sockets } = await silent()
  const clock = new ManualClock()
  const slow: LookupFunction = (_name, _options, callback) =>
    void clock.after(60, () => callback(null, [{ address: '127.0.0.1', family: 4 }]))
  const { faults } = ask(`https://models.test:${port}`, clock, slow)
  clock.advance(60)
  await vi.waitFor(() => expect(sockets.size).toBe(1))
  clock.advance(39)
  await new Promise(setImmediate)
  expect(faults).toEqual([])
  clock.advance(1)
  await vi.waitFor(() => expect(faults).toMatchObject([late]))
})

test('the limit ends with the connection, whatever became of it', async () => {
  const { port, sockets, server } = await silent()
  const clock = new ManualClock()
  const connected = ask(`http://127.0.0.1:${port}`, clock)
  await vi.waitFor(() => expect(sockets.size).toBe(1))
  await vi.waitFor(() => expect(clock.pending).toBe(0))
  clock.advance(10_000)
  expect(connected.faults).toEqual([])
  await connected.destroy()
  server.close()
  await once(server, 'close')
  const refused = ask(`http://127.0.0.1:${port}`, clock)
  await vi.waitFor(() =>
    expect(refused.faults).toMatchObject([
      { kind: 'network', nothingSent: true, message: expect.stringMatching(/ECONNREFUSED/) },
    ]),
  )
  expect(clock.pending).toBe(0)
})

test('0 is no limit', async () => {
  const clock = new ManualClock()
  const { faults } = ask('http://models.test', clock, noAnswer, 0)
  await new Promise(setImmediate)
  expect(clock.pending).toBe(0)
  expect(faults).toEqual([])
})

test.each(['abort', 'destroy'] as const)(
  '%s while it connects leaves neither a socket nor a timer behind',
  async (how) => {
    const { port, sockets } = await silent()
    const clock = new ManualClock()
    const { transfer, destroy, faults } = ask(`https://127.0.0.1:${port}`, clock)
    await vi.waitFor(() => expect(sockets.size).toBe(1))
    if (how === 'abort') transfer.abort()
    else await destroy()
    await vi.waitFor(() => expect(sockets.size).toBe(0))
    expect(clock.pending).toBe(0)
    // What was aborted hears nothing more; what is waited for hears that it is over.
    expect(faults.map(({ kind }) => kind)).toEqual(how === 'abort' ? [] : ['network'])
  },
)

test('a request that is given up before its turn does not end the connection of another', async () => {
  const { port, sockets } = await silent()
  const clock = new ManualClock()
  const origin = `https://127.0.0.1:${port}`
  const pool = openUpstream(origin, { connectTimeoutMs: 100, keepAliveMs: 1_000, allowH2: false, clock })
  closers.push(() => pool.destroy())
  const faults: string[] = []
  const [first] = ['first', 'second'].map((name) =>
    send(
      { upstream: pool, origin },
      { operation: 'chat', method: 'POST', url: `${origin}/x`, headers: {}, body: Buffer.from('{}') },
      {
        start: () => undefined,
        data: () => undefined,
        end: () => undefined,
        failed: ({ kind }) => void faults.push(`${name}: ${kind}`),
      },
    ),
  )
  await vi.waitFor(() => expect(sockets.size).toBe(2))
  first!.abort()
  await vi.waitFor(() => expect(sockets.size).toBe(1))
  clock.advance(100)
  await vi.waitFor(() => expect(faults).toEqual(['second: timeout']))
})

test('addresses of a name are tried in turn: one that refuses does not hide one that answers', async () => {
  const { port, sockets } = await silent()
  const both: LookupFunction = (_name, _options, callback) =>
    callback(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ])
  ask(`http://models.test:${port}`, new ManualClock(), both)
  await vi.waitFor(() => expect(sockets.size).toBe(1))
})
