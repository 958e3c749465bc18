import type { PreparedRequest } from '@llmproxy/provider-kit'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../clock.ts'
import { send } from './send.ts'
import type { AttemptFault, Receiver } from './transfer.ts'
import { openUpstream } from './upstream.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that gives each request of each socket to `answer`, with its number among all. */
async function upstream(answer: (socket: Socket, number: number) => void) {
  let count = 0
  let connections = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    // A body may come in a packet of its own.
    socket.on('data', (bytes) => {
      if (bytes.includes(' HTTP/1.1')) answer(socket, count++)
    })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pool = openUpstream(origin, {
    connectTimeoutMs: 1_000,
    keepAliveMs: 4_000,
    allowH2: false,
    clock: systemClock,
  })
  closers.push(
    () => pool.destroy(),
    () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  )
  return { origin, pool, sockets, asked: () => count, connections: () => connections }
}

interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly fault: AttemptFault | undefined
}

type Opened = Awaited<ReturnType<typeof upstream>>

function ask(
  { origin, pool }: Opened,
  members: Partial<PreparedRequest> = {},
  fresh = false,
): Promise<Received> {
  return new Promise((resolve) => {
    let status = 0
    let head = {}
    let text = ''
    const over = (fault?: AttemptFault) => resolve({ status, headers: head, text, fault })
    const receiver: Receiver = {
      start: (code, headers) => {
        status = code
        head = headers
      },
      data: (chunk) => void (text += chunk.toString()),
      end: () => over(),
      failed: over,
    }
    send(
      { upstream: pool, origin, fresh },
      {
        operation: 'chat',
        method: 'POST',
        url: `${origin}/chat`,
        headers: {},
        body: Buffer.from('{}'),
        ...members,
      },
      receiver,
    )
  })
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'

test('headers that come twice are one value, interim answers are none, and trailers are nobody’s', async () => {
  const opened = await upstream((socket) => {
    socket.write(
      'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n' +
        'HTTP/1.1 200 OK\r\nx-a: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n' +
        '2\r\n{}\r\n0\r\nx-t: 1\r\n\r\n',
    )
  })
  expect(await ask(opened)).toMatchObject({
    status: 200,
    text: '{}',
    headers: { 'x-a': '1, 2' },
    fault: undefined,
  })
})

test.each([
  ['shorter than its content-length', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}'],
  ['cut inside a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}'],
  ['cut before its last chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n'],
])('a body that is %s is a bad response', async (_name, bytes) => {
  const opened = await upstream((socket) => socket.end(bytes))
  expect((await ask(opened)).fault).toMatchObject({ kind: 'bad_response' })
})

test.each([
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}'],
  ['no HTTP', 'SSH-2.0-OpenSSH\r\n\r\n'],
])('an answer with %s is a bad response', async (_name, bytes) => {
  const opened = await upstream((socket) => socket.end(bytes))
  expect((await ask(opened)).fault).toMatchObject({ kind: 'bad_response' })
})

test('a body that ends with the connection is whole', async () => {
  const opened = await upstream((socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}'))
  expect(await ask(opened)).toMatchObject({ status: 200, text: '{}', fault: undefined })
})

test('a fresh connection that closes without an answer is no race: the request may have been seen', async () => {
  const opened = await upstream((socket) => socket.destroy())
  const { fault } = await ask(opened)
  expect(fault?.kind).toBe('network')
  expect([fault?.reusedSocketDied, fault?.nothingSent]).toEqual([undefined, undefined])
})

test('a kept connection that dies without a byte is the keep-alive race', async () => {
  const opened = await upstream((socket, number) => (number === 0 ? socket.write(ok) : socket.destroy()))
  expect((await ask(opened)).fault).toBeUndefined()
  await turn()
  expect((await ask(opened)).fault).toMatchObject({ kind: 'network', reusedSocketDied: true })
  expect(opened.connections()).toBe(1)
})

test('a kept connection that dies after an interim answer is no race: the request was seen', async () => {
  const opened = await upstream((socket, number) => {
    if (number === 0) socket.write(ok)
    else socket.end('HTTP/1.1 102 Processing\r\n\r\n')
  })
  await ask(opened)
  await turn()
  const { fault } = await ask(opened)
  expect(opened.connections()).toBe(1)
  expect(fault?.kind).toBe('network')
  expect(fault?.reusedSocketDied).toBeUndefined()
})

test('where nobody listens, nothing was sent, and the message names no address', async () => {
  const pool = openUpstream('http://127.0.0.1:1', {
    connectTimeoutMs: 500,
    keepAliveMs: 10,
    allowH2: false,
    clock: systemClock,
  })
  closers.push(() => pool.destroy())
  const { fault } = await ask({ origin: 'http://127.0.0.1:1', pool } as Opened)
  expect(fault).toMatchObject({ kind: 'network', nothingSent: true })
  expect(fault?.message).not.toContain('127.0.0.1')
})

test.each([
  ['a header with a line break', '/chat', { authorization: 'key-of-mine\r\nx: y' }],
  ['a path with a space', '/a b', {}],
])(
  '%s is the provider’s mistake: never sent, never repeated, its value not told',
  async (_name, path, headers) => {
    const opened = await upstream((socket) => socket.write(ok))
    const { fault } = await ask(opened, { url: opened.origin + path, headers })
    expect(fault).toMatchObject({ kind: 'bad_response' })
    expect(fault?.nothingSent).toBeUndefined()
    expect(`${fault?.message} ${String(fault?.thrown)}`).not.toContain('key-of-mine')
    expect(opened.asked()).toBe(0)
  },
)

test('abort frees the connection, before and inside the answer, and nothing more is heard', async () => {
  for (const late of [false, true]) {
    const opened = await upstream((socket) => {
      if (late) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{')
    })
    const heard: string[] = []
    const transfer = send(
      { upstream: opened.pool, origin: opened.origin },
      { operation: 'chat', method: 'GET', url: `${opened.origin}/`, headers: {} },
      {
        start: () => void heard.push('start'),
        data: () => void heard.push('data'),
        end: () => void heard.push('end'),
        failed: () => void heard.push('failed'),
      },
    )
    while (late ? !heard.includes('data') : opened.asked() === 0)
      await new Promise((resolve) => setTimeout(resolve, 2))
    heard.length = 0
    transfer.abort()
    transfer.abort()
    while (opened.sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 2))
    expect(heard).toEqual([])
  }
})

test('a paused answer holds the upstream back', async () => {
  const opened = await upstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 8000000\r\n\r\n')
    socket.write(Buffer.alloc(8_000_000))
  })
  const seen = { bytes: 0, over: false }
  const over = () => void (seen.over = true)
  const transfer = send(
    { upstream: opened.pool, origin: opened.origin },
    { operation: 'chat', method: 'GET', url: `${opened.origin}/`, headers: {} },
    {
      start: () => undefined,
      data: (chunk) => {
        seen.bytes += chunk.length
        transfer.pause()
      },
      end: over,
      failed: over,
    },
  )
  await vi.waitFor(() => expect(seen.bytes).toBeGreaterThan(0))
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(seen.bytes).toBeLessThan(1_000_000)
  await vi.waitFor(
    () => {
      transfer.resume()
      expect(seen.over).toBe(true)
    },
    { interval: 1, timeout: 5_000 },
  )
  expect(seen.bytes).toBe(8_000_000)
})

test('a request after a keep-alive race gets a connection of its own, however many are kept, and leaves none behind', async () => {
  const opened = await upstream((socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi')
  })
  await ask(opened)
  // The connection is free a moment after the answer.
  await turn()
  expect((await ask(opened)).text).toBe('hi')
  await turn()
  expect(opened.connections()).toBe(1)
  expect((await ask(opened, {}, true)).text).toBe('hi')
  expect(opened.connections()).toBe(2)
  await vi.waitFor(() => expect(opened.sockets.size).toBe(1))
  expect((await ask(opened)).text).toBe('hi')
  expect(opened.connections()).toBe(2)
})

test('connections of one request end with the others', async () => {
  const opened = await upstream(() => undefined)
  const answer = ask(opened, {}, true)
  await vi.waitFor(() => expect(opened.asked()).toBe(1))
  await opened.pool.destroy()
  expect((await answer).fault).toMatchObject({ kind: 'network' })
  await vi.waitFor(() => expect(opened.sockets.size).toBe(0))
})
