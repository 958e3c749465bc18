import { afterEach, describe, expect, test } from 'vitest'
import { parseSse } from './sse-parser.ts'
import { type SimulatedRoute, type Simulator, type SimulatorOptions, startSimulator } from './simulator.ts'

const open: Simulator[] = []

afterEach(async () => {
  for (const simulator of open.splice(0)) await simulator.close()
})

async function started(routes: readonly SimulatedRoute[], more: Partial<SimulatorOptions> = {}) {
  const simulator = await startSimulator({
    authenticate: ({ headers }) =>
      headers['authorization'] === 'Bearer test-key' ? undefined : 'a wrong key',
    refusal: ({ message }) => ({ oops: message }),
    routes,
    ...more,
  })
  open.push(simulator)
  return simulator
}

const ask = (url: string, init: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}) =>
  fetch(url, { ...init, headers: { authorization: 'Bearer test-key', ...init.headers } })
const post = (url: string, body: unknown, headers: Record<string, string> = {}) =>
  ask(url, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  })

describe('a route', () => {
  test('answers JSON, and sees the request as the vendor does', async () => {
    const simulator = await started([
      { method: 'POST', path: '/v1/models/a b', answer: ({ body }) => ({ json: { got: body } }) },
    ])
    const answer = await post(`${simulator.url}/v1/models/a%20b?x=1`, { n: 1 }, { 'X-Own': 'y' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({ got: { n: 1 } })
    const [request] = simulator.requests
    expect(request).toMatchObject({ method: 'POST', path: '/v1/models/a b', body: { n: 1 } })
    expect(request?.query.get('x')).toBe('1')
    expect(request?.headers['x-own']).toBe('y')
    expect(request?.bytes.toString()).toBe('{"n":1}')
    expect(simulator.violations).toEqual([])
  })

  test('streams its pieces', async () => {
    const pieces = ['data: 1\n\n', Buffer.from('data: 2\n\n')]
    const simulator = await started([{ method: 'GET', path: /^\/s/, answer: () => ({ pieces }) }])
    const answer = await ask(`${simulator.url}/stream`)
    expect(answer.headers.get('content-type')).toBe('text/event-stream')
    expect(parseSse(await answer.text())).toEqual([{ data: '1' }, { data: '2' }])
  })

  test('has a status and headers of its own', async () => {
    const headers = { 'content-type': 'application/x-frames', 'retry-after': '1' }
    const simulator = await started([
      { method: 'GET', path: '/', answer: () => ({ status: 429, headers, pieces: [] }) },
    ])
    const answer = await ask(simulator.url)
    expect(answer.status).toBe(429)
    expect(answer.headers.get('content-type')).toBe('application/x-frames')
    expect(answer.headers.get('retry-after')).toBe('1')
  })
})

describe('a request is refused in the vendor’s own words, and noted', () => {
  const checked: SimulatedRoute = {
    method: 'POST',
    path: '/chat',
    check: ({ body }) => (body === undefined ? { status: 422, message: 'no JSON' } : undefined),
    answer: () => ({ json: {} }),
  }

  test.each<[string, number, string, (url: string) => Promise<Response>]>([
    ['for a wrong key', 401, 'a wrong key', (url) => post(`${url}/chat`, {}, { authorization: 'Bearer no' })],
    ['where there is no route', 404, 'no route POST /nowhere', (url) => post(`${url}/nowhere`, {})],
    ['for a wrong method', 404, 'no route GET /chat', (url) => ask(`${url}/chat`)],
    ['for a bad body', 422, 'no JSON', (url) => post(`${url}/chat`, '{')],
    [
      'without a content type',
      415,
      'no content-type',
      (url) => ask(`${url}/chat`, { method: 'POST', body: Buffer.from('{}') }),
    ],
    ['for a path that cannot be decoded', 404, 'no route GET /%ff', (url) => ask(`${url}/%ff`)],
  ])('%s', async (_, status, message, send) => {
    const simulator = await started([checked])
    const answer = await send(simulator.url)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toEqual({ oops: message })
    expect(simulator.violations).toMatchObject([{ status, message }])
    expect(simulator.requests).toHaveLength(1)
    simulator.reset()
    expect([...simulator.violations, ...simulator.requests]).toEqual([])
  })

  test('when the simulator itself fails', async () => {
    const fails = (): never => {
      throw new TypeError('oops')
    }
    const simulator = await started([
      { method: 'GET', path: '/check', check: fails, answer: () => ({}) },
      { method: 'GET', path: '/answer', answer: fails },
    ])
    for (const path of ['/check', '/answer']) expect((await ask(simulator.url + path)).status).toBe(500)
    expect(simulator.violations).toHaveLength(2)
    expect(simulator.violations[0]?.message).toContain('the simulator failed: TypeError: oops')
  })
})

test('close() does not wait for connections that are kept alive', async () => {
  const simulator = await started([{ method: 'GET', path: '/', answer: () => ({}) }])
  await (await ask(simulator.url)).text()
  await simulator.close()
  await expect(ask(simulator.url)).rejects.toThrow('fetch failed')
  open.splice(0)
})
