import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'

// Each server is three processes that load everything, which takes long where much else is running.
const patience = { timeout: 45_000, interval: 50 }
vi.setConfig({ testTimeout: 90_000 })

/** Worker processes are found in `/proc`. */
const linux = process.platform === 'linux'
if (!linux) console.log('skipped: the tests of workers look for processes in /proc, which only Linux has')

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const unlimited = {
  chat: null,
  completions: null,
  embeddings: null,
  images: null,
  videos: null,
  messages: null,
}

interface Server {
  /** Where its configuration is. */
  readonly cwd: string
  readonly child: ChildProcess
  readonly url: string
  readonly text: { out: string; err: string }
  readonly exit: Promise<unknown[]>
  /** Replaces the configuration by renaming. */
  configure(config: object): void
}

async function started(config: object, files: Record<string, string> = {}): Promise<Server> {
  const cwd = mkdtempSync(join(tmpdir(), 'llmproxy-workers-'))
  const configure = (changed: object): void => {
    const next = join(cwd, 'next.yaml')
    writeFileSync(
      next,
      JSON.stringify({
        port: 0,
        workers: 2,
        rate_limit_rpm: null,
        rate_limits: unlimited,
        health_check_interval: 0,
        ...changed,
      }),
    )
    renameSync(next, join(cwd, 'config.yaml'))
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text)
  configure(config)
  const child = spawn(process.execPath, ['--conditions=@llmproxy/source', main, 'start'], { cwd })
  onTestFinished(() => {
    for (const pid of workersOf(child)) process.kill(pid, 'SIGKILL')
    child.kill('SIGKILL')
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (bytes: Buffer) => (text.out += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (text.err += bytes.toString()))
  const exit = once(child, 'exit')
  await expect.poll(() => text.out + text.err, patience).toMatch(/2 workers serve it/)
  return { cwd, child, url: /listens on (\S+)/.exec(text.out)![1]!, text, exit, configure }
}

/** The processes that serve. */
function workersOf({ pid }: ChildProcess): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
  } catch {
    return []
  }
}

async function chat(url: string, model = 'mock-echo', members: object = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    // A connection of its own, so that the workers take turns.
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...members }),
  })
}

async function embed(url: string): Promise<Response> {
  return fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ model: 'mock-embed-256', input: 'hi' }),
  })
}

async function metric(url: string, pattern: RegExp): Promise<number> {
  const response = await fetch(`${url}/metrics`, { headers: { accept: 'text/plain', connection: 'close' } })
  return Number(pattern.exec(await response.text())?.[1])
}

const startedChats = /llmproxy_requests_started_total\{operation="chat"\} (\d+)/
const mock = { name: 'mock', type: 'mock', models: ['mock-*'] }

/** Workers that have logged a request. */
function busyWorkers({ text }: Server): Set<unknown> {
  const lines = text.out.split('\n').filter((line) => line.includes('"msg":"request"'))
  return new Set(lines.map((line) => (JSON.parse(line) as { worker: unknown }).worker))
}

test.skipIf(!linux)(
  'several workers serve one port: limits hold over all, each tells of all, one that dies is replaced, and they outlive the first process',
  async () => {
    const server = await started({ providers: [mock], rate_limits: { ...unlimited, embeddings: 10 } })
    const answers = await Promise.all(Array.from({ length: 20 }, () => chat(server.url)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    await expect.poll(() => busyWorkers(server), patience).toEqual(new Set([0, 1]))
    // Whichever worker is asked.
    for (let turn = 0; turn < 4; turn++) expect(await metric(server.url, startedChats)).toBe(20)

    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => (await embed(server.url)).status),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(30)

    const [first] = workersOf(server.child)
    process.kill(first!, 'SIGKILL')
    await expect
      .poll(() => server.text.err, patience)
      .toMatch(/worker 0 has ended \(SIGKILL\); another takes its place/)
    await expect.poll(() => server.text.out.split('"msg":"listening"').length, patience).toBe(4)
    // Where it listens was said at the start.
    expect(server.text.out.split('listens on')).toHaveLength(2)
    expect((await chat(server.url)).status).toBe(200)
    expect(await metric(server.url, startedChats)).toBe(21)

    const pids = workersOf(server.child)
    expect(pids).toHaveLength(2)
    const stream = await chat(server.url, 'mock-chunks-20-gap-50', { stream: true })
    server.child.kill('SIGKILL')
    expect(await stream.text()).toMatch(/\[DONE\]\n\n$/)
    await expect.poll(() => pids.filter(isAlive), { timeout: 5_000 }).toEqual([])
  },
)

test.skipIf(!linux)(
  'a breaker that one worker opens is open in the others; a reload reaches all of them; streams outlive both',
  async () => {
    let asked = 0
    const streams: ServerResponse[] = []
    const upstream = createServer((request, response) => {
      request.resume()
      if (request.url!.startsWith('/failing')) {
        asked += 1
        response.writeHead(500).end('{}')
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(frame({ role: 'assistant', content: 'a' }, null))
      streams.push(response)
    }).listen(0, '127.0.0.1')
    onTestFinished(() => void upstream.close())
    await once(upstream, 'listening')
    const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    const failing = {
      name: 'failing',
      type: 'openai_compatible',
      base_url: `${base}/failing`,
      max_retries: 0,
      models: ['f'],
    }
    const streaming = {
      name: 'streaming',
      type: 'openai_compatible',
      base_url: `${base}/streaming`,
      models: ['s'],
    }
    const config = { providers: [failing, streaming], circuit_breaker_threshold: 2, reload_interval: 0 }
    const server = await started(config)

    const running = await Promise.all(
      Array.from({ length: 4 }, () => chat(server.url, 's', { stream: true })),
    )

    // Two failures at one of them are at most three altogether.
    await expect
      .poll(async () => (await chat(server.url, 'f')).status, { timeout: 5_000, interval: 20 })
      .toBe(503)
    await new Promise((resolve) => void setTimeout(resolve, 200))
    const before = asked
    expect(before).toBeLessThanOrEqual(3)
    for (let turn = 0; turn < 6; turn++) expect((await chat(server.url, 'f')).status).toBe(503)
    expect(asked).toBe(before)

    server.configure({ ...config, api_keys: ['a-new-key-of-the-clients'] })
    server.child.kill('SIGHUP')
    await expect.poll(() => server.text.out.split('"msg":"configuration reloaded"').length, patience).toBe(3)
    for (let turn = 0; turn < 4; turn++) expect((await chat(server.url, 'f')).status).toBe(401)

    server.child.kill('SIGTERM')
    await expect.poll(() => server.text.out, patience).toContain('shutting down')
    for (const response of streams) response.end(`${frame({}, 'stop')}data: [DONE]\n\n`)
    for (const answer of running) expect(await answer.text()).toMatch(/"content":"a".*\[DONE\]\n\n$/s)
    expect(await server.exit).toEqual([0, null])
    expect(server.text.err).toBe('')
  },
)

/** A plugin that the second worker has loaded only when a file `go` is there; `waits` is there while it waits. */
const slowPlugin = `
import { existsSync, writeFileSync } from 'node:fs'
const at = (name) => new URL(name, import.meta.url)
while (process.env.LLMPROXY_WORKER === '1' && !existsSync(at('go'))) {
  writeFileSync(at('waits'), '')
  await new Promise((resolve) => setTimeout(resolve, 20))
}
export default {
  apiVersion: 1,
  type: 'slow',
  options: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  create: () => ({ baseUrl: 'http://127.0.0.1:9', operations: {}, authorize: () => ({}) }),
}
`

test.skipIf(!linux)(
  'a worker that is still starting when the others reload serves what they serve',
  async () => {
    const slow = { name: 'slow', type: 'slow', module: './slow.mjs', models: [] }
    const config = { providers: [mock, slow], reload_interval: 0 }
    const server = await started(config, { 'slow.mjs': slowPlugin, go: '' })
    rmSync(join(server.cwd, 'go'))
    process.kill(workersOf(server.child)[1]!, 'SIGKILL')
    await expect.poll(() => existsSync(join(server.cwd, 'waits')), patience).toBe(true)
    server.configure({ ...config, api_keys: ['a-new-key-of-the-clients'] })
    server.child.kill('SIGHUP')
    await expect.poll(() => server.text.out, patience).toContain('"msg":"configuration reloaded"')
    writeFileSync(join(server.cwd, 'go'), '')
    await expect.poll(() => server.text.out.split('"msg":"configuration reloaded"').length, patience).toBe(3)
    const answers = await Promise.all(Array.from({ length: 8 }, () => chat(server.url)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  },
)

test.skipIf(!linux)('a worker that is stuck does not hold the end of the others', async () => {
  const server = await started({ providers: [mock], shutdown_timeout: 0 })
  const pids = workersOf(server.child)
  process.kill(pids[0]!, 'SIGSTOP')
  server.child.kill('SIGTERM')
  expect(await server.exit).toEqual([1, null])
  expect(server.text.err).toContain('a worker did not end in good order')
  expect(pids.filter(isAlive)).toEqual([])
})

test.skipIf(!linux)('what keeps the workers from starting is said once, and is the end', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void taken.close())
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const cwd = mkdtempSync(join(tmpdir(), 'llmproxy-workers-'))
  writeFileSync(join(cwd, 'config.yaml'), JSON.stringify({ port, workers: 3, providers: [mock] }))
  const child = spawn(process.execPath, ['--conditions=@llmproxy/source', main, 'start'], { cwd })
  let errors = ''
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()))
  expect(await once(child, 'exit')).toEqual([1, null])
  expect(errors.split(String(port)).length - 1).toBe(1)
})

function frame(delta: object, finish_reason: string | null): string {
  const choices = [{ index: 0, delta, finish_reason }]
  return `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 's', choices })}\n\n`
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
