import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig, type GatewayConfigInput, systemClock } from '@llmproxy/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { AddressInfo } from 'node:net'
import { toyPlugin } from '../test/toy-plugin.ts'
import { startServer, type StartOptions } from './start-server.ts'

const toy = { name: 'toy', type: 'toy', models: ['*'] }

async function start(config: GatewayConfigInput = {}, options: Partial<StartOptions> = {}) {
  const file = join(mkdtempSync(join(tmpdir(), 'llmproxy-start-')), 'log')
  const lines: string[] = []
  const checked = checkConfig({ port: 0, log_file: file, providers: [toy], ...config }, {})
  const server = await startServer(checked, {
    plugins: [toyPlugin],
    version: '1.2.3',
    print: (line) => void lines.push(line),
    ...options,
  })
  onTestFinished(() => server.close())
  const log = () => readFileSync(file, 'utf8')
  return { ...server, lines, log }
}

function chat(url: string, body: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'toy', messages: [{ role: 'user', content: 'canary-prompt' }], ...body }),
  })
}

describe('a started server', () => {
  test('answers through the gateway, plainly and streamed', async () => {
    const { url } = await start()
    const whole = await chat(url)
    expect(whole.status).toBe(200)
    expect(whole.headers.get('x-llmproxy-provider')).toBe('toy')
    expect(await whole.json()).toMatchObject({ choices: [{ message: { content: 'Hello' } }] })
    const streamed = await chat(url, { stream: true })
    expect(await streamed.text()).toMatch(/"content":"Hel".*"content":"lo".*data: \[DONE\]\n\n$/s)
  })

  test('says where it listens, what is on, and why the rest is off', async () => {
    const off = { name: 'other', type: 'absent', models: ['x'], api_key_env: 'OTHER_KEY' }
    const { lines, url } = await start({ providers: [{ ...toy, models: ['a', 'b*'] }, off] })
    expect(lines).toEqual([
      `llmproxy 1.2.3 listens on ${url} (no client key is asked for: this machine only)`,
      '  on   toy    a, b*',
      '  off  other  set OTHER_KEY; its package @llmproxy/provider-absent is not installed',
    ])
  })

  test('warns of a sample key on loopback', async () => {
    const { lines } = await start({ api_keys: ['your-api-key-here'] })
    expect(lines.at(-1)).toMatch(/^warning: api_keys contains a key that stands in documentation/)
  })

  test('logs one line for each request, and no secret at any level', async () => {
    const secret = 'canary-client-key'
    const provider = {
      ...toy,
      api_key: 'canary-provider-key',
      custom_headers: { authorization: 'Bearer canary-header' },
    }
    const { url, close, log } = await start({ api_keys: [secret], log_level: 'TRACE', providers: [provider] })
    await (await chat(url, {}, { authorization: `Bearer ${secret}` })).text()
    await (await chat(url, { stream: true }, { 'x-api-key': secret })).text()
    await chat(url, {}, { 'x-api-key': 'canary-wrong-key' })
    await fetch(`${url}/v1/models?key=canary-query`, {
      headers: { 'x-api-key': secret, 'x-request-id': secret },
    })
    await close()
    const lines = log()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string })
    expect(lines.map(({ msg }) => msg)).toEqual([
      'listening',
      'request',
      'request',
      'refused',
      'answered',
      'shutting down',
      'stopped',
    ])
    expect(log()).not.toContain('canary')
  })
})

describe('a server refuses to start', () => {
  test('on a public address without keys', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toThrow('no client keys are configured')
    await expect(start({}, { host: '0.0.0.0' })).rejects.toThrow('no client keys are configured')
  })

  test('on a public address with a sample key', async () => {
    await expect(start({ host: '0.0.0.0', api_keys: ['changeme'] })).rejects.toThrow(
      'stands in documentation',
    )
  })

  test('on a port that is taken, saying so', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await expect(start({}, { port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port}: another program listens there`,
    )
  })

  test('with a configuration that has problems, naming each', async () => {
    await expect(start({ port: 70_000, providers: [{ ...toy, type: 'absent' }] })).rejects.toThrow(/port: /)
    await expect(start({ providers: [{ ...toy, type: 'absent' }] })).rejects.toThrow(
      'npm install @llmproxy/provider-absent',
    )
  })
})

describe('closing', () => {
  test('lets running streams end and refuses new connections', async () => {
    const { url, close } = await start()
    const streams = await Promise.all([1, 2, 3].map(() => chat(url, { model: 'short', stream: true })))
    const closed = close()
    await expect
      .poll(() =>
        chat(url).then(
          () => 'open',
          () => 'refused',
        ),
      )
      .toBe('refused')
    for (const stream of streams) expect(await stream.text()).toMatch(/data: \[DONE\]\n\n$/)
    await closed
  })

  test('keeps serving for shutdown_delay, while /readyz is 503', async () => {
    const { url, close } = await start({ shutdown_delay: 0.2 })
    const closed = close()
    expect((await fetch(`${url}/readyz`)).status).toBe(503)
    expect((await fetch(`${url}/livez`)).status).toBe(200)
    expect((await chat(url)).status).toBe(200)
    await closed
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
  })

  test('ends what still runs after shutdown_timeout with an error frame', async () => {
    const { url, close, log } = await start({ shutdown_timeout: 0.1 })
    const stream = await chat(url, { model: 'slow', stream: true })
    const [text] = await Promise.all([stream.text(), close()])
    expect(text).toMatch(/data: \{"error":\{.*"code":"shutting_down".*\}\}\n\n$/)
    expect(text).not.toContain('[DONE]')
    expect(log()).toContain('shutdown_timeout has passed')
  })

  test('does not wait for idle connections', async () => {
    const { url, close } = await start()
    const idle = connect(Number(new URL(url).port), '127.0.0.1')
    await once(idle, 'connect')
    idle.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(idle, 'data')
    const ended = once(idle, 'close')
    await close()
    await ended
  })

  test('does not wait for a client that never finishes its request', async () => {
    const { url, close } = await start({ shutdown_timeout: 0.1 })
    const half = connect(Number(new URL(url).port), '127.0.0.1')
    half.on('error', () => {})
    await once(half, 'connect')
    half.write(
      'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    )
    await new Promise((resolve) => setTimeout(resolve, 20))
    await close()
  })

  test('gives a request that has begun to arrive ten seconds, long before shutdown_timeout', async () => {
    const times: number[] = []
    // A hundred times as fast.
    const after = (milliseconds: number, callback: () => void) => {
      times.push(milliseconds)
      return systemClock.after(milliseconds / 100, callback)
    }
    const { url, close, log } = await start(
      { shutdown_timeout: 600 },
      { clock: { ...systemClock, now: () => systemClock.now() * 100, after } },
    )
    const sockets = [
      'GET /livez HTTP/1.1\r\nhost: lo',
      'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\nGET /livez',
    ].map((text) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text))
      return socket.on('error', () => {}).resume()
    })
    const served = await chat(url, { model: 'short', stream: true })
    await close()
    for (const socket of sockets) if (!socket.closed) await once(socket, 'close')
    expect(await served.text()).toMatch(/\[DONE\]\n\n$/)
    expect(times).toContain(10_000)
    expect(log()).not.toContain('shutdown_timeout has passed')
  })
})
