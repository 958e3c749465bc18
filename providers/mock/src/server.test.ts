import { request } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { chat } from '../test/ask.ts'
import { type MockServer, startMockServer } from './server.ts'

let server: MockServer

beforeEach(async () => {
  server = await startMockServer()
})
afterEach(() => server.close())

function post(model: string, more: object = {}, signal?: AbortSignal): Promise<Response> {
  const init = {
    method: 'POST',
    body: JSON.stringify(chat(model, more)),
    headers: { authorization: 'Bearer sk-any' },
  }
  return fetch(`${server.url}/v1/chat/completions`, { ...init, ...(signal && { signal }) })
}

/** What arrives until the end or the failure of a body. */
async function drain(response: Response): Promise<{ text: string; failed: boolean; pieces: number }> {
  const result = { text: '', failed: false, pieces: 0 }
  const decoder = new TextDecoder()
  try {
    for await (const piece of response.body!) {
      result.text += decoder.decode(piece, { stream: true })
      result.pieces += 1
    }
  } catch {
    result.failed = true
  }
  return result
}

const stream = { stream: true }

test('answers over a socket and records the request', async () => {
  const response = await post('mock-echo')
  expect(response.status).toBe(200)
  const text = await response.text()
  const record = await server.waitFor((each) => each.closedAt !== undefined, 1000)
  expect(record).toMatchObject({
    method: 'POST',
    path: '/v1/chat/completions',
    aborted: false,
    status: 200,
    bytesWritten: text.length,
  })
  expect(record.headers.authorization).toBe('Bearer sk-any')
  expect(JSON.parse(record.body.toString())).toEqual(chat('mock-echo'))
  expect(record.closedAt).toBeGreaterThanOrEqual(record.receivedAt)
})

test('the status of an answer is recorded, whole or played', async () => {
  for (const model of ['mock-context-length', 'mock-error-429-latency-1', 'mock-chunks-2'])
    await (await post(model, model === 'mock-chunks-2' ? stream : {})).text()
  expect(server.requests.map(({ status }) => status)).toEqual([400, 429, 200])
})

/** Reads with `node:http`: `fetch` forgets what it has read when a body fails. */
function readUntilCut(model: string, more: object = {}): Promise<{ text: string; code: unknown }> {
  return new Promise((resolve, reject) => {
    const url = `${server.url}/v1/chat/completions`
    const sending = request(url, { method: 'POST' }, (response) => {
      let text = ''
      response.on('data', (piece: Buffer) => {
        text += piece.toString()
      })
      response.on('error', (error: NodeJS.ErrnoException) => resolve({ text, code: error.code }))
      response.on('end', () => resolve({ text, code: undefined }))
    })
    sending.on('error', reject)
    sending.end(JSON.stringify(chat(model, more)))
  })
}

test('a cut arrives after the bytes before it, as a broken connection', async () => {
  const result = await readUntilCut('mock-chunks-9-cut-after-3', stream)
  expect(result.code).toBe('ECONNRESET')
  expect(result.text).toContain('w3')
  expect(result.text).not.toContain('w4')
  const body = await readUntilCut('mock-cut-body')
  expect(body.code).toBe('ECONNRESET')
  expect(body.text).toMatch(/^\{"id"/)
  expect(server.requests.every((each) => !each.aborted)).toBe(true)
})

test('refused resets the connection before any byte', async () => {
  await expect(post('mock-refused')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } })
})

test('a client that leaves ends a hang at once, before and after the headers', async () => {
  for (const model of ['mock-hang', 'mock-hang-after-1', 'mock-silent-70000', 'mock-latency-70000']) {
    server.reset()
    const abort = new AbortController()
    const left = post(model, stream, abort.signal).then(drain, () => undefined)
    await server.waitFor(() => true, 1000)
    setTimeout(() => abort.abort(), 20)
    await left
    const record = await server.waitFor((each) => each.closedAt !== undefined, 1000)
    expect(record.aborted).toBe(true)
  }
})

test('silence sends the headers first', async () => {
  const abort = new AbortController()
  const response = await post('mock-silent-70000', {}, abort.signal)
  expect(response.status).toBe(200)
  abort.abort()
})

test('drip and byte-by-byte scenarios arrive in many pieces and unharmed', async () => {
  const dripped = await drain(await post('mock-drip-0'))
  expect(JSON.parse(dripped.text).model).toBe('mock-drip-0')
  expect(dripped.pieces).toBeGreaterThan(20)
  const split = await drain(await post('mock-scenario-utf8-split', stream))
  expect(split.text).toContain('Grüße, 世界 👩‍👩‍👧')
})

test('flaky counts per server, and reset forgets', async () => {
  const statuses = async (): Promise<number> => (await post('mock-flaky-1')).status
  expect([await statuses(), await statuses()]).toEqual([500, 200])
  server.reset()
  expect(server.requests).toHaveLength(0)
  expect(await statuses()).toBe(500)
})

test('remembered answers are the same as new ones', async () => {
  const first = await (await post('mock-tools-2', stream)).text()
  const second = await (await post('mock-tools-2', stream)).text()
  const other = await (await post('mock-tools-2')).text()
  expect(second).toBe(first)
  expect(other).not.toBe(first)
})

test('the recorder keeps the last requests only', async () => {
  const small = await startMockServer({ recordedRequests: 2 })
  for (const path of ['/a', '/b', '/c']) await fetch(`${small.url}${path}`)
  expect(small.requests.map((each) => each.path)).toEqual(['/b', '/c'])
  await expect(small.waitFor(() => false, 5)).rejects.toThrow(
    'no request fitted within 5 ms; 2 were recorded',
  )
  const waiting = small.waitFor(() => false, 60_000)
  await small.close()
  await expect(waiting).rejects.toThrow('closed')
})

test('keys close the server to others', async () => {
  const locked = await startMockServer({ keys: ['sk-good'] })
  const get = (key: string): Promise<Response> =>
    fetch(`${locked.url}/v1/models`, { headers: { 'x-api-key': key } })
  expect((await get('sk-bad')).status).toBe(401)
  expect((await get('sk-good')).status).toBe(200)
  await locked.close()
})

test('a slow reader gets everything', async () => {
  const response = await post('mock-long-3000000', stream)
  await new Promise((resolve) => setTimeout(resolve, 20))
  const { text, failed } = await drain(response)
  expect(failed).toBe(false)
  expect(text.length).toBeGreaterThan(3_000_000)
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
})

test('a request that breaks off half-way harms nothing', async () => {
  const socket = connect(server.port, '127.0.0.1')
  socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"model"')
  await new Promise((resolve) => setTimeout(resolve, 20))
  socket.destroy()
  expect((await post('mock-echo')).status).toBe(200)
  expect(server.requests).toHaveLength(1)
})

test('a port that is taken is an error', async () => {
  await expect(startMockServer({ port: server.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})
