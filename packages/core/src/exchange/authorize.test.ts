import type { PreparedRequest, Provider } from '@llmproxy/provider-kit'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { throwFault } from '../../test/toy-gateway.ts'
import { openElsewhere } from './elsewhere.ts'
import { AttemptIo, authorized, unauthorized } from './authorize.ts'

const request: PreparedRequest = {
  operation: 'chat',
  method: 'POST',
  url: 'http://x/chat',
  headers: { 'content-type': 'application/json', authorization: 'configured' },
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

function attemptIo(lookup?: LookupFunction, clock = new ManualClock()): AttemptIo {
  const elsewhere = openElsewhere({ connectTimeoutMs: 100, keepAliveMs: 10, allowH2: false, clock, lookup })
  closers.push(() => elsewhere.destroy())
  return new AttemptIo(clock, elsewhere)
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function sign(answer: unknown): PreparedRequest | Promise<PreparedRequest> {
  return authorized({ authorize: () => answer } as unknown as Provider, request, attemptIo())
}

test('the credential headers win over configured ones, in any case of letters', () => {
  expect(sign({ Authorization: 'key' })).toMatchObject({
    headers: { 'content-type': 'application/json', authorization: 'key' },
  })
  expect(Object.keys((sign({ Authorization: 'key' }) as PreparedRequest).headers)).toHaveLength(2)
})

test('headers that come later are waited for, whatever kind of promise brings them', async () => {
  expect(await sign(Promise.resolve({ 'x-key': 'a' }))).toMatchObject({ headers: { 'x-key': 'a' } })
  // oxlint-disable-next-line unicorn/no-thenable -- another library's promise is the point
  const foreign = { then: (resolve: (value: object) => void) => resolve({ 'x-key': 'b' }) }
  expect(await sign(foreign)).toMatchObject({ headers: { 'x-key': 'b' } })
})

test('a provider that adds nothing sends the request as it is', () => {
  expect(sign({})).toEqual(request)
  expect(sign(undefined)).toEqual(request)
})

test('what authorize() throws is its own fault, else a matter of credentials; the text is for the operator only', () => {
  const bug = new TypeError('secret')
  expect(unauthorized(bug)).toMatchObject({ kind: 'authentication', thrown: bug })
  expect(unauthorized(bug).message).not.toContain('secret')
  let thrown: unknown
  try {
    throwFault({ kind: 'overloaded', message: 'later' })
  } catch (error) {
    thrown = error
  }
  expect(unauthorized(thrown)).toMatchObject({ kind: 'overloaded', message: 'later' })
})

test('the signal fires with the attempt, also for those who ask for it afterwards', () => {
  const early = attemptIo()
  const { signal } = early
  early.abort()
  expect(signal.aborted).toBe(true)
  const late = attemptIo()
  late.abort()
  expect(late.signal.aborted).toBe(true)
})

test('fetch reads status, headers and text, follows no redirect, and joins repeated headers', async () => {
  const url = await serve((_incoming, answer) => {
    answer.writeHead(
      302,
      [
        ['location', '/else'],
        ['x-two', 'a'],
        ['x-two', 'b'],
      ].flat(),
    )
    answer.end('moved')
  })
  const { fetch } = attemptIo()
  expect(await fetch(url, { method: 'POST', body: 'x' })).toMatchObject({
    status: 302,
    text: 'moved',
    headers: { location: '/else', 'x-two': 'a, b' },
  })
})

test('fetch ends with its attempt, and does not read without end', async () => {
  const silent = await serve(() => undefined)
  const io = attemptIo()
  const waiting = io.fetch(silent)
  io.abort()
  await expect(waiting).rejects.toThrow(/abort/i)
  const endless = await serve((_incoming, answer) => {
    const chunk = Buffer.alloc(256 * 1024)
    const more = (): void => {
      while (answer.write(chunk));
      answer.once('drain', more)
    }
    more()
  })
  await expect(attemptIo().fetch(endless)).rejects.toThrow(/larger than/)
})

test('a token endpoint that cannot be asked is no matter of credentials, and nothing was sent upstream', async () => {
  const clock = new ManualClock()
  const late = attemptIo(() => undefined, clock)
  const metadata: LookupFunction = (_name, _options, callback) => callback(null, '169.254.169.254', 4)
  const cut = await serve((_incoming, answer) => {
    answer.writeHead(200, { 'content-length': '9' }).write('{', () => answer.destroy())
  })
  const asked = Promise.allSettled([
    late.fetch('http://token.test'),
    attemptIo().fetch('http://127.0.0.1:1'),
    attemptIo(metadata).fetch('http://token.test'),
    attemptIo().fetch('http://169.254.169.254/latest/api/token'),
    attemptIo().fetch(cut),
  ])
  clock.advance(100)
  const faults = (await asked).map((result) => unauthorized((result as PromiseRejectedResult).reason))
  const expected = [
    { kind: 'timeout', phase: 'connect' },
    { kind: 'network', message: expect.stringMatching(/ECONNREFUSED/) },
    { kind: 'network', message: expect.stringMatching(/never asked/) },
    { kind: 'network', message: expect.stringMatching(/never asked/) },
    { kind: 'bad_response' },
  ]
  expect(faults).toMatchObject(expected.map((fault) => ({ ...fault, nothingSent: true })))
  for (const { message } of faults) expect(message).not.toMatch(/127\.0|169\.254/)
})
