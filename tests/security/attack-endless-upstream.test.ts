import { createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import {
  chat,
  chunk,
  completion,
  fakeUpstream,
  healthy,
  listening,
  openStream,
  provider,
  startProxy,
  streamEnd,
  until,
} from '../reliability/support.ts'

const short = { max_retries: 0, circuit_breaker_threshold: 1000, timeout: 0.3, idle_timeout: 0.3 }

/** An upstream that says `first`, then `again` as fast as it is read, without end. */
async function endless(first: string, again: string) {
  const closed = { count: 0 }
  const server = createServer((socket: Socket) => {
    socket.on('close', () => closed.count++)
    socket.once('data', () => {
      socket.write(first)
      const fill = () => {
        while (!socket.destroyed && socket.write(again));
      }
      socket.on('drain', fill)
      fill()
    })
  })
  const { url } = await listening(server)
  const proxy = await startProxy({ providers: [provider('a', url, short)] })
  return { proxy, closed }
}

const head = (...lines: string[]) =>
  ['HTTP/1.1 200 OK', 'content-type: application/json', ...lines, '', ''].join('\r\n')
const stream = head('transfer-encoding: chunked').replace('application/json', 'text/event-stream')
const inChunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
const body = JSON.stringify(completion())

const silent = { status: 504, code: /^upstream_(?:first_byte|idle)_timeout$/ }
const damaged = { status: 502, code: /^upstream_(?:bad_response|unreachable)$/ }

test.each<[string, typeof silent, boolean, string, string]>([
  ['interim answers', damaged, false, '', 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(100)],
  ['`100 Continue`s', damaged, false, '', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100)],
  ['headers', damaged, false, 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'.repeat(100)],
  ['bytes of one header', damaged, false, 'HTTP/1.1 200 OK\r\nx: ', 'y'.repeat(1000)],
  ['bytes of a reason', silent, false, 'HTTP/1.1 200 ', 'y'.repeat(1000)],
  ['empty lines', silent, false, '', '\r\n'.repeat(1000)],
  ['bytes of a chunk extension', silent, false, `${head('transfer-encoding: chunked')}5;`, 'x'.repeat(1000)],
  [
    'trailers',
    damaged,
    false,
    `${head('transfer-encoding: chunked')}${inChunk(body)}0\r\n`,
    'x: y\r\n'.repeat(100),
  ],
  ['comments in a stream', damaged, true, stream, inChunk(': x\n\n'.repeat(100))],
  ['empty lines in a stream', damaged, true, stream, inChunk('\n'.repeat(1000))],
  ['event names in a stream', damaged, true, stream, inChunk('event: x\n\n'.repeat(100))],
  ['empty events in a stream', damaged, true, stream, inChunk('data: \n\n'.repeat(100))],
  ['frames without content', damaged, true, stream, inChunk('data: {"choices":[]}\n\n'.repeat(100))],
])('%s without end are given up, while others are served', async (_, expected, streamed, first, again) => {
  const { proxy, closed } = await endless(first, again)
  const good = await fakeUpstream(healthy())
  const other = await startProxy({ providers: [provider('b', good.url)] })
  const answer = chat(proxy.url, { stream: streamed })
  for (let index = 0; index < 3; index++) expect((await chat(other.url)).status).toBe(200)
  const { status, text } = await answer
  expect(status).toBe(expected.status)
  expect((JSON.parse(text) as { error: { code: string } }).error.code).toMatch(expected.code)
  await until(() => closed.count > 0)
})

test('so are comments behind the beginning of an answer, within the stream', async () => {
  const { proxy, closed } = await endless(stream + inChunk(chunk('Hello')), inChunk(': x\n\n'.repeat(100)))
  const { status, text } = await chat(proxy.url, { stream: true })
  expect(status).toBe(200)
  expect(text).toContain('Hello')
  expect(text).toContain('without any content')
  expect(text).not.toContain('[DONE]')
  await until(() => closed.count > 0)
})

test('many comments that lead to an answer are waited for', async () => {
  const upstream = await fakeUpstream((_request, response) => {
    openStream(response).end(`${': processing\n\n'.repeat(50_000)}${chunk('Hello')}${streamEnd}`)
  })
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  expect((await chat(proxy.url, { stream: true })).text).toContain('[DONE]')
})

/** What the process works for one stream whose single event comes in pieces of one byte, in milliseconds. */
async function workFor(bytes: number): Promise<number> {
  const pieces = inChunk('x').repeat(bytes)
  const whole = chunk('x'.repeat(bytes))
  const [before = '', after = ''] = whole.split('x'.repeat(bytes))
  const { url } = await listening(
    createServer((socket) => {
      socket.once('data', () =>
        socket.end(`${stream}${inChunk(before)}${pieces}${inChunk(after + streamEnd)}0\r\n\r\n`),
      )
    }),
  )
  const proxy = await startProxy({ providers: [provider('a', url)] })
  const from = process.cpuUsage()
  const { text } = await chat(proxy.url, { stream: true })
  const { user, system } = process.cpuUsage(from)
  expect(text).toContain('[DONE]')
  return (user + system) / 1000
}

test('an event in pieces of one byte costs time in proportion to its length', async () => {
  await workFor(1000)
  const small = await workFor(50_000)
  const large = await workFor(400_000)
  expect(large).toBeLessThan(small * 8 * 3)
})
