import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { UnreadAnswers, type UnreadLimits } from './unread-answers.ts'

const mebibyte = 1024 * 1024

/** A server whose answers are `size` bytes, and what became of them. */
async function serving(limits: UnreadLimits, size = 30 * mebibyte) {
  const cut: object[] = []
  const answers: ServerResponse[] = []
  const unread = new UnreadAnswers(limits, { info: (fields) => void cut.push(fields) })
  const server = createServer((_request, response) => {
    answers.push(response)
    response.end(Buffer.alloc(size))
    if (response.writableLength > 0) unread.waits(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { cut, answers, ask: (read: (socket: Socket) => void) => ask(port, read) }
}

/** A client that sends one request, and is given to `read`, paused. */
function ask(port: number, read: (socket: Socket) => void): Socket {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
  read(socket)
  return socket
}

function every(milliseconds: number, act: () => void): void {
  const timer = setInterval(act, milliseconds)
  onTestFinished(() => clearInterval(timer))
}

const deaf = () => undefined
const reasons = (cut: readonly object[]) => cut.map((line) => (line as { reason: string }).reason)

test('a client that reads nothing is cut after the time limit', async () => {
  const { cut, ask, answers } = await serving({ writeTimeoutMs: () => 100 })
  ask(deaf)
  await expect.poll(() => reasons(cut)).toEqual(['write_timeout'])
  expect(answers[0]?.destroyed).toBe(true)
})

test('so is one that sends a byte of a next request now and then', async () => {
  const { cut, ask } = await serving({ writeTimeoutMs: () => 100, bytesPerSecond: 100 * mebibyte })
  ask((socket) => {
    socket.write('GET / HTTP/1.1\r\nx: ')
    every(20, () => socket.write('y'))
  })
  await expect.poll(() => reasons(cut), { timeout: 3000 }).toEqual(['too_slow'])
})

test('and one that reads a little now and then', async () => {
  const { cut, ask } = await serving({ writeTimeoutMs: () => 300, bytesPerSecond: 100 * mebibyte })
  ask((socket) => every(50, () => void socket.read(256 * 1024)))
  await expect.poll(() => reasons(cut), { timeout: 5000 }).toEqual(['too_slow'])
})

test('one that reads fast enough gets all of it', async () => {
  const { cut, ask } = await serving({ writeTimeoutMs: () => 100, bytesPerSecond: mebibyte })
  let received = 0
  ask((socket) => {
    socket.on('data', (bytes: Buffer) => {
      received += bytes.length
      socket.pause()
    })
    every(1, () => socket.resume())
  })
  await expect.poll(() => received, { timeout: 10_000 }).toBeGreaterThan(30 * mebibyte)
  expect(cut).toEqual([])
})

test('of more than may wait in all, what waits longest goes first', async () => {
  const { cut, ask, answers } = await serving({ writeTimeoutMs: () => 60_000, mostBytes: 100 * mebibyte })
  for (let index = 0; index < 5; index++) {
    ask(deaf)
    await expect.poll(() => answers.length).toBe(index + 1)
  }
  expect(reasons(cut)).toEqual(['too_much_unread', 'too_much_unread'])
  expect(answers.map(({ destroyed }) => destroyed)).toEqual([true, true, false, false, false])
})

test('one answer may be larger than that, alone', async () => {
  const { cut, ask, answers } = await serving({ writeTimeoutMs: () => 60_000, mostBytes: mebibyte })
  ask(deaf)
  await expect.poll(() => answers.length).toBe(1)
  expect(cut).toEqual([])
})

test('what was taken, or left behind, counts no longer', async () => {
  const { cut, ask, answers } = await serving({ writeTimeoutMs: () => 60_000, mostBytes: 70 * mebibyte })
  for (let index = 0; index < 6; index++) {
    const socket = ask((each) => void (index % 2 === 0 && each.resume()))
    await expect.poll(() => answers.length).toBe(index + 1)
    if (index % 2 === 1) socket.destroy()
    await expect.poll(() => answers[index]?.closed).toBe(true)
  }
  expect(cut).toEqual([])
})

test('without a time limit only the bytes are limited', async () => {
  const { cut, ask, answers } = await serving({
    writeTimeoutMs: () => 0,
    bytesPerSecond: 1e12,
    mostBytes: 50 * mebibyte,
  })
  ask(deaf)
  await expect.poll(() => answers.length).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(cut).toEqual([])
  ask(deaf)
  await expect.poll(() => reasons(cut)).toEqual(['too_much_unread'])
})
