import { type AddressInfo, connect } from 'node:net'
import { createGateway } from '@llmproxy/core'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { buildApp } from '@llmproxy/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import {
  bodies,
  chat,
  fakeUpstream,
  healthy,
  paths,
  provider,
  rawSocket,
  send,
  startProxy,
  until,
} from '../reliability/support.ts'

const quiet = () => undefined
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet }

/** A gateway in a process that has four megabytes for bodies. */
async function cramped(url: string): Promise<string> {
  const memory = vi.spyOn(process, 'constrainedMemory').mockReturnValue(16 * 1024 * 1024)
  const limits = { rate_limit_rpm: null, rate_limits: { chat: null } }
  const gateway = await createGateway(
    { ...limits, providers: [provider('a', url)] },
    { plugins: [openaiCompatible] },
  )
  const app = buildApp(gateway, { settings: gateway.config, log: silent })
  memory.mockRestore()
  await app.listen({ port: 0, host: '127.0.0.1' })
  onTestFinished(async () => {
    app.server.closeAllConnections()
    await app.close()
    await gateway.close()
  })
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
}

const megabyte = JSON.stringify({ ...bodies.chat, user: 'x'.repeat(1_000_000) })

test('large requests beyond the memory for them are sent away for a moment, small ones are served', async () => {
  const waiting: (() => void)[] = []
  const upstream = await fakeUpstream((request, response) => {
    if (request.body.length < 10_000) healthy()(request, response)
    else waiting.push(() => healthy()(request, response))
  })
  const url = await cramped(upstream.url)
  const first = Array.from({ length: 4 }, () => send(url, paths.chat, { body: megabyte }))
  await until(() => waiting.length === 4)
  const refused = await send(url, paths.chat, { body: megabyte })
  expect(refused.status).toBe(503)
  expect(refused.headers['retry-after']).toBe('1')
  expect(refused.text).toContain('too_many_large_requests')
  expect((await chat(url)).status).toBe(200)
  for (const answer of waiting) answer()
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
  const last = send(url, paths.chat, { body: megabyte })
  await until(() => waiting.length === 5)
  waiting[4]!()
  expect((await last).status).toBe(200)
})

const expecting = (lines: string[], length: number) =>
  [
    'POST /v1/chat/completions HTTP/1.1',
    'host: localhost',
    'expect: 100-continue',
    `content-length: ${length}`,
    ...lines,
    '',
    '',
  ].join('\r\n')

test.each([
  ['without a key', ['content-type: application/json'], 401],
  ['in a format that is not read', ['content-type: text/plain', 'x-api-key: the-key-of-a-client'], 415],
  ['above the limit of bytes', ['content-type: application/json', 'x-api-key: the-key-of-a-client'], 413],
])('a client that asks before it sends megabytes %s is told not to', async (_, lines, status) => {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({
    providers: [provider('a', upstream.url)],
    api_keys: ['the-key-of-a-client'],
  })
  const socket = rawSocket(url)
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  socket.write(expecting(lines, status === 413 ? 100_000_000 : 1_000_000))
  await until(() => socket.destroyed || text.endsWith('}'))
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  // Whether its body comes all the same nobody knows.
  expect(text).toMatch(/\r\nconnection: close\r\n/i)
  await until(() => socket.destroyed)
})

test('and one that may send is told to, and keeps its connection', async () => {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({ providers: [provider('a', upstream.url)] })
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')))
  const body = JSON.stringify(bodies.chat)
  for (let round = 1; round <= 2; round++) {
    text = ''
    socket.write(expecting(['content-type: application/json'], body.length))
    await until(() => text === 'HTTP/1.1 100 Continue\r\n\r\n')
    socket.write(body)
    await until(() => text.includes('"chat.completion"'))
    expect(text).toContain('HTTP/1.1 200 OK')
  }
  expect(upstream.requests).toHaveLength(2)
})
