import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  bodies,
  chat,
  chunk,
  completion,
  openStream,
  recording,
  type SeenRequest,
  send,
  sendJson,
  sleep,
  start,
  streamEnd,
  until,
} from './support.ts'
import { type Command, openaiCompatible, startCommand } from './support/command.ts'

/** A vendor that answers when the test says so. */
const seen: SeenRequest[] = []
const held: ServerResponse[] = []
const upstream = createServer(
  recording(seen, ({ body }, response) => {
    if (body.includes('"model":"flood"')) return flood(response)
    if (body.includes('"model":"now"')) return sendJson(response, 200, completion())
    if (body.includes('"stream":true')) openStream(response).write(chunk('begun '))
    held.push(response)
  }),
)

function flood(response: ServerResponse): void {
  openStream(response)
  const more = () => {
    while (!response.closed && response.write(chunk('x'.repeat(10_000))));
  }
  response.on('drain', more)
  more()
}

/** A plugin that takes a while to load. */
const slowPlugin = `console.log('loading')
await new Promise((resolve) => setTimeout(resolve, 300))
export default {
  apiVersion: 1,
  type: 'slow',
  options: { '~standard': { version: 1, vendor: 'slow', validate: () => ({ value: {} }) } },
  create: () => ({
    baseUrl: 'http://127.0.0.1:1',
    operations: { chat: { request: () => ({ path: '/' }) } },
    authorize: () => ({}),
  }),
}
`

const configs = {
  patient: 'shutdown_delay: 0.5\nreload_interval: 0\n',
  short: 'shutdown_timeout: 0.4\n',
  stuck: '',
  slow: '',
}
const commands = {} as Record<keyof typeof configs, Command>

beforeAll(async () => {
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  for (const [name, settings] of Object.entries(configs)) {
    const { port } = upstream.address() as AddressInfo
    const entry = `{name: a, type: openai_compatible, module: ${openaiCompatible}, base_url: "http://127.0.0.1:${port}/v1", models: ["*"]}`
    const slow = '{name: slow, type: slow, module: ./slow.mjs, models: [slow]}'
    commands[name as keyof typeof configs] = startCommand({
      'config.yaml': `port: 0\nrate_limit_rpm: null\nrate_limits: {chat: null}\n${settings}providers: [${name === 'slow' ? slow : entry}]\n`,
      'slow.mjs': slowPlugin,
    })
  }
  const { slow, ...others } = commands
  void until(() => slow.out().includes('loading'), 20_000).then(() => slow.child.kill('SIGTERM'))
  await Promise.all(Object.values(others).map(({ url }) => url))
}, 30_000)

beforeEach(() => void held.splice(0))

afterAll(() => {
  for (const { child } of Object.values(commands)) child.kill('SIGKILL')
  upstream.closeAllConnections()
  upstream.close()
})

function idleSocket(url: string): { socket: Socket; closed: Promise<unknown>; text: () => string } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString()))
  return { socket, closed: once(socket, 'close'), text: () => text }
}

function post(body: string): string {
  const head = 'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json'
  return `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

test('SIGHUP is what reloads the file when nobody looks at it', async () => {
  const { patient } = commands
  const url = await patient.url
  const path = join(patient.folder, 'config.yaml')
  const before = readFileSync(path, 'utf8')
  const reloads = async () => {
    const { text } = await send(url, '/metrics', { method: 'GET', headers: { accept: 'text/plain' } })
    return /^llmproxy_config_reloads_total (\d+)$/m.exec(text)?.[1]
  }
  writeFileSync(path, `request_timeout: 7\n${before}`)
  await sleep(50)
  expect(await reloads()).toBe('0')
  patient.child.kill('SIGHUP')
  await expect.poll(reloads, { timeout: 5000 }).toBe('1')
})

test('everything that runs is finished, then the process ends within a second, whatever is idle', async () => {
  const { patient } = commands
  const url = await patient.url
  const running = Array.from({ length: 50 }, () => chat(url, { stream: true }))
  const whole = chat(url)
  const silent = idleSocket(url)
  const kept = idleSocket(url)
  kept.socket.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
  const lingering = idleSocket(url)
  lingering.socket.write(post('{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}'))
  await until(() => held.length === 52 && kept.text().includes('200 OK'))
  expect(kept.text()).toMatch(/connection: keep-alive/i)

  patient.child.kill('SIGTERM')
  const ready = () => send(url, '/readyz', { method: 'GET' })
  await expect.poll(async () => (await ready()).status, { interval: 5, timeout: 5000 }).toBe(503)
  const during = await chat(url, { model: 'now' })
  expect([during.status, during.headers.connection]).toEqual([200, 'close'])
  writeFileSync(join(patient.folder, 'config.yaml'), 'providers: []\n')
  patient.child.kill('SIGHUP')
  await Promise.all([silent.closed, kept.closed])
  const refusal = () =>
    ready().then(
      () => 'none',
      (error: NodeJS.ErrnoException) => error.code,
    )
  await expect.poll(refusal, { timeout: 5000 }).toBe('ECONNREFUSED')
  await sleep(100)
  expect(patient.child.exitCode).toBe(null)
  for (const response of held.splice(0)) {
    if (response.headersSent) response.end(streamEnd)
    else sendJson(response, 200, completion('whole'))
  }
  for (const { status, text } of await Promise.all(running)) {
    expect(status).toBe(200)
    expect(text).toMatch(/begun .*"finish_reason":"stop".*\n\ndata: \[DONE\]\n\n$/s)
  }
  expect((await whole).text).toContain('whole')
  await lingering.closed
  expect(lingering.text()).toMatch(/data: \[DONE\]\n\n\r\n0\r\n\r\n$/)
  const last = performance.now()
  const { code, at } = await patient.exit
  expect([code, patient.err()]).toEqual([0, ''])
  expect(at - last).toBeLessThan(1000)
  expect(patient.out()).toMatch(/"msg":"shutting down".*"msg":"stopped"\}\n$/s)
  expect(patient.out().match(/"configuration /g)).toHaveLength(1)
})

test('what shutdown_timeout leaves over ends with one error; no deaf client, half request or stuck log holds the process', async () => {
  const { short } = commands
  const url = await short.url
  const running = Array.from({ length: 5 }, () => chat(url, { stream: true }))
  const whole = chat(url)
  await until(() => held.length === 6)
  const deaf = idleSocket(url)
  deaf.socket.pause()
  deaf.socket.write(post('{"model":"flood","stream":true,"messages":[{"role":"user","content":"x"}]}'))
  const half = idleSocket(url)
  half.socket.write(post('{"model":"m"}').slice(0, -1))
  await until(() => seen.some((request) => request.body.includes('flood')))
  await fillOutput(short, url)

  const asked = performance.now()
  short.child.kill('SIGINT')
  for (const { status, text } of await Promise.all(running)) {
    expect(status).toBe(200)
    const errors = text.match(/data: \{"error"/g) ?? []
    expect([errors.length, text.includes('[DONE]')]).toEqual([1, false])
    expect(text).toMatch(/"code":"shutting_down".*\}\}\n\n$/)
  }
  expect(await whole).toMatchObject({ status: 504 })
  const { code, at } = await short.exit
  expect([code, short.err()]).toEqual([0, ''])
  expect(at - asked).toBeLessThan(4500)
})

test('a second signal ends the process at once, even one whose log nobody reads', async () => {
  const { stuck } = commands
  const url = await stuck.url
  const running = start(url, '/v1/chat/completions', { ...bodies.chat, stream: true })
  await until(() => held.length === 1)
  await fillOutput(stuck, url)
  stuck.child.kill('SIGTERM')
  await sleep(100)
  const again = performance.now()
  stuck.child.kill('SIGINT')
  const { code, at } = await stuck.exit
  expect(code).toBe(1)
  expect(at - again).toBeLessThan(1000)
  running.leave()
})

/** Makes it log more than a pipe and its reader hold, half a kilobyte with each request, while the reader sleeps. */
async function fillOutput({ child }: Command, url: string): Promise<void> {
  child.stdout?.pause()
  const noise = { headers: { 'x-request-id': 'x'.repeat(128) } }
  for (let round = 0; round < 10; round += 1) {
    const asked = Array.from({ length: 50 }, () => fetch(`${url}/${'x'.repeat(200)}`, noise))
    await Promise.all(asked.map(async (answer) => (await answer).text()))
  }
}

test('a process that is asked to end while it starts ends as soon as it has started', async () => {
  const { slow } = commands
  const { code } = await slow.exit
  expect([code, slow.err()]).toEqual([0, ''])
  expect(slow.out()).toMatch(/"msg":"stopped"\}\n$/)
})
