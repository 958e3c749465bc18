import type { PreparedRequest, Provider } from '@llmproxy/provider-kit'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../clock.ts'
import { type Answer, ask as begin } from './ask.ts'
import type { AttemptFault } from './transfer.ts'
import { openElsewhere } from './elsewhere.ts'
import { openUpstream } from './upstream.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that gives each request to `answer`, with its number among all, and what asks it over one pool. */
async function upstream(answer: (socket: Socket, number: number) => void) {
  let count = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('data', () => answer(socket, count++))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const options = { connectTimeoutMs: 1_000, keepAliveMs: 4_000, allowH2: false, clock: systemClock }
  const pool = openUpstream(origin, options)
  const elsewhere = openElsewhere(options)
  closers.push(
    () => pool.destroy(),
    () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  )
  let authorized = 0
  const provider = { authorize: () => ({ 'x-signature': String((authorized += 1)) }) } as unknown as Provider
  const request: PreparedRequest = { operation: 'videos', method: 'GET', url: `${origin}/job`, headers: {} }
  const input = {
    live: { provider, origin, upstream: pool, elsewhere },
    request,
    clock: systemClock,
    limit: 1_000,
  }
  const ask = async () => {
    const result = await new Promise<Answer | AttemptFault>((resolve) => {
      begin(input, resolve)
    })
    // Only then is the socket free again.
    await turn()
    return result
  }
  return { ask, asked: () => count, authorized: () => authorized }
}

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'

test('a kept-alive socket that dies before any answer is asked once more, with fresh credentials', async () => {
  const opened = await upstream((socket, number) => {
    if (number === 1) socket.destroy()
    else socket.write(ok)
  })
  await opened.ask()
  expect(await opened.ask()).toMatchObject({ status: 200 })
  expect([opened.asked(), opened.authorized()]).toEqual([3, 3])
})

test('a new socket that dies is a failure, and not the race that repeats whole requests', async () => {
  const opened = await upstream((socket, number) => {
    if (number === 0) socket.write(ok)
    else socket.destroy()
  })
  await opened.ask()
  expect(await opened.ask()).toMatchObject({ kind: 'network' })
  expect(opened.asked()).toBe(3)
})

test('a refusal whose text breaks off is what its status says', async () => {
  const opened = await upstream((socket) => {
    socket.end('HTTP/1.1 429 Slow\r\ncontent-length: 20\r\n\r\n{"err')
  })
  const answer = (await opened.ask()) as Answer
  expect([answer.status, answer.bytes.toString()]).toEqual([429, '{"err'])
})
