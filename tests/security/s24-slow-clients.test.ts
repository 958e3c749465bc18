import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import {
  bodies,
  chunk,
  completion,
  fakeUpstream,
  openStream,
  paths,
  provider,
  type Proxy,
  rawSocket,
  sleep,
  startProxy,
  until,
} from '../reliability/support.ts'

/** Asks for an answer and reads nothing. */
function deafClient(url: string, stream = true) {
  const body = JSON.stringify({ ...bodies.chat, stream })
  const socket = rawSocket(url)
  socket.pause()
  socket.write(
    `POST ${paths.chat} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  return socket
}

const large = chunk('x'.repeat(16_384))

/** An upstream that writes `piece` as fast as it is read, without end, and counts. */
async function flooding(piece: string | Buffer = large, headers: Record<string, string> = {}) {
  const written = { bytes: 0 }
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response, headers)
    const fill = () => {
      do written.bytes += piece.length
      while (!response.destroyed && response.write(piece))
    }
    response.on('drain', fill)
    fill()
  })
  return Object.assign(upstream, { written })
}

/** The bytes that have been written when no more are taken; `Infinity` when that goes on and on. */
async function stalled({ written }: { readonly written: { readonly bytes: number } }): Promise<number> {
  let quiet = 0
  for (let round = 0; round < 30; round++) {
    const before = written.bytes
    await sleep(60)
    quiet = before > 0 && before === written.bytes ? quiet + 1 : 0
    if (quiet === 5) return before
  }
  return Infinity
}

async function expectCut(proxy: Proxy, aborted: () => boolean | undefined) {
  await until(aborted)
  await until(() => proxy.gateway.inFlight === 0)
  expect(proxy.requests[0]).toMatchObject({ ending: 'client_gone' })
}

test('a client that reads nothing is cut after `write_timeout`, and its upstream aborted', async () => {
  const upstream = await flooding()
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], write_timeout: 0.2 })
  deafClient(proxy.url)
  await expectCut(proxy, () => upstream.requests[0]?.aborted)
})

// One gzip member after the other is one gzip stream. Mostly noise, so that what the kernel holds decodes to little.
const member = gzipSync(chunk(randomBytes(16_384).toString('base64')))

test.each<[string, string | Buffer, Record<string, string>]>([
  ['plain', large, {}],
  ['compressed', member, { 'content-encoding': 'gzip' }],
])('until then a %s flood waits: nothing is gathered in between', async (_, piece, headers) => {
  const upstream = await flooding(piece, headers)
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  const socket = deafClient(proxy.url)
  await upstream.request(0)
  // What the kernel holds between three sockets, and a little of ours.
  expect(await stalled(upstream)).toBeLessThan(40 * 1024 * 1024)
  expect(proxy.gateway.inFlight).toBe(1)
  socket.destroy()
  await expectCut(proxy, () => upstream.requests[0]?.aborted)
})

test('a client that is full is waited for once, not once for each frame', async () => {
  const warnings: string[] = []
  const note = ({ name }: Error) => void warnings.push(name)
  process.on('warning', note)
  onTestFinished(() => void process.off('warning', note))
  const frames = chunk('x'.repeat(1000)).repeat(2000)
  const upstream = await fakeUpstream((_request, response) => void openStream(response).write(frames))
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], write_timeout: 0.3 })
  deafClient(proxy.url)
  await upstream.request(0)
  await sleep(100)
  expect(warnings).toEqual([])
})

test('a whole answer that nobody reads is given up too', async () => {
  const whole = JSON.stringify(completion('x'.repeat(30_000_000)))
  const upstream = await fakeUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(whole)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)], write_timeout: 0.2 })
  const socket = deafClient(proxy.url, false)
  await until(() => proxy.requests[0])
  await sleep(800)
  let received = 0
  socket.on('data', (bytes: Buffer) => (received += bytes.length))
  socket.resume()
  await new Promise((resolve) => socket.once('close', resolve))
  expect(received).toBeLessThan(whole.length)
})

test('a client that reads slowly, but reads, keeps its stream', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response)
    for (let index = 0; index < 400; index++) response.write(large)
    response.end('data: [DONE]\n\n')
  })
  const proxy = await startProxy({
    providers: [provider('a', upstream.url)],
    write_timeout: 0.3,
    idle_timeout: 0.2,
  })
  const socket = deafClient(proxy.url)
  let received = 0
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length
    socket.pause()
  })
  socket.pause()
  const reading = setInterval(() => socket.resume(), 1)
  onTestFinished(() => clearInterval(reading))
  await until(() => received > 400 * 16_384, 15_000)
  expect(proxy.requests[0]).toMatchObject({ ending: 'complete' })
})
