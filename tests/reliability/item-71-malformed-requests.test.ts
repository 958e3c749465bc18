import OpenAI, { APIError } from 'openai'
import { describe, expect, test } from 'vitest'
import { healthy, fakeUpstream, provider, type Reply, send, startProxy } from './support.ts'

const routes = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  images: '/v1/images/generations',
  videos: '/v1/videos/generations',
  messages: '/v1/messages',
} as const

/** The smallest good body of each route. */
const good: Readonly<Record<keyof typeof routes, Record<string, unknown>>> = {
  chat: { model: 'm', messages: [{ role: 'user', content: 'x' }] },
  completions: { model: 'm', prompt: 'x' },
  embeddings: { model: 'm', input: 'x' },
  images: { model: 'm', prompt: 'x' },
  videos: { model: 'm', prompt: 'x' },
  messages: { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] },
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

/** Texts that are no JSON object at all. */
const noObjects: readonly string[] = [
  '',
  ' ',
  '\n',
  '{',
  '}',
  '[',
  ']',
  '[]',
  '[{}]',
  '{}{}',
  'null',
  'true',
  'false',
  '0',
  '-1',
  '1e400',
  '"',
  '"x"',
  "'x'",
  'undefined',
  'NaN',
  '{a:1}',
  '{"a":1,}',
  '{"a"}',
  '{"a":}',
  '{,}',
  '{"a":1 "b":2}',
  'model=m&prompt=x',
  '<xml/>',
  '--x\r\n',
  '\u0000',
  '\uFEFF{}',
  '{"a":"\\x"}',
  '{"a":"\n"}',
  '{"a":01}',
  '{"a":+1}',
  '{"a":.5}',
  '{"a":1.}',
  '{"a":0x1}',
  '/**/{}',
  '{"a":1}//',
  `{"a":${nested(300)}}`,
  nested(5000),
  '{"__proto__":{"x":1}}',
  '{"model":"m","a":{"__proto__":1}}',
  '{"constructor":{"prototype":{}}}',
  `{"a":"${'x'.repeat(5000)}`,
]

const oddValues: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  '',
  [],
  {},
  [null],
  [[]],
  [0],
  [true],
  [''],
  [{}],
  { a: 1 },
  [{ role: 5 }],
  [{ role: 'user' }, null],
  'x'.repeat(300),
  [[[]]],
  { length: 1 },
]

/** Members whose shape the gateway reads, with values of the wrong one. */
const members: Readonly<Record<keyof typeof routes, readonly string[]>> = {
  chat: ['model', 'messages', 'stream', 'tools', 'stream_options'],
  completions: ['model', 'prompt', 'stream', 'stream_options'],
  embeddings: ['model', 'input'],
  images: ['model', 'prompt'],
  videos: ['model', 'prompt'],
  messages: ['model', 'messages', 'stream', 'tools', 'max_tokens'],
}

function bodiesOf(route: keyof typeof routes): readonly string[] {
  const missing = Object.keys(good[route]).map((name) => ({ ...good[route], [name]: undefined }))
  const wrong = members[route].flatMap((name) =>
    oddValues.map((value) => ({ ...good[route], [name]: value })),
  )
  const whole = JSON.stringify(good[route])
  const truncated = Array.from({ length: whole.length - 1 }, (_, length) => whole.slice(0, length + 1))
  return [...noObjects, ...[...missing, ...wrong].map((body) => JSON.stringify(body)), ...truncated]
}

const wrongTypes = [
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/jsonx',
  'application/json garbage',
  'application/json\tx',
  'application/json; charset=utf-16',
  'json',
  '*/*',
  '',
]

async function running() {
  const upstream = await fakeUpstream(healthy())
  const operations = ['chat', 'completions', 'embeddings', 'images', 'videos']
  const messages = { name: 'b', type: 'anthropic', base_url: upstream.url, api_key: 'k', models: ['m'] }
  const { url } = await startProxy({ providers: [provider('a', upstream.url, { operations }), messages] })
  return { upstream, url }
}

/** What is wrong with a refusal; empty when nothing is. */
function flaw({ status, headers, text }: Reply): string {
  if (status < 400 || status > 499) return `status ${status}`
  if (!headers['content-type']?.startsWith('application/json')) return `type ${headers['content-type']}`
  const { error } = JSON.parse(text) as { error?: { message?: unknown; type?: unknown } }
  if (typeof error?.message !== 'string' || typeof error.type !== 'string') return `no envelope: ${text}`
  if (status === 400 && error.type !== 'invalid_request_error') return `type ${error.type}`
  return /\bat \S+ \(|node:internal|\.ts:\d/.test(text) ? `a stack trace: ${text}` : ''
}

describe.each(Object.keys(routes) as (keyof typeof routes)[])('%s', (route) => {
  test('no malformed body is answered with a 5xx, and each refusal is an envelope', async () => {
    const { url } = await running()
    const flaws: string[] = []
    let refused = 0
    let accepted = 0
    for (const body of bodiesOf(route)) {
      const reply = await send(url, routes[route], { body })
      if (reply.status === 200) {
        accepted += 1
        continue
      }
      refused += 1
      const found = flaw(reply)
      if (found !== '') flaws.push(`${body.slice(0, 100)}: ${found}`)
    }
    expect(flaws).toEqual([])
    expect(refused).toBeGreaterThan(60)
    expect(refused + accepted).toBeGreaterThan(100)
  })

  test('wrong content types and encodings are 4xx, and never reach an upstream', async () => {
    const { url, upstream } = await running()
    const headers = [
      ...wrongTypes.map((type) => ({ 'content-type': type })),
      ...['gzip', 'br', 'gzip, gzip', 'x'.repeat(2000)].map((encoding) => ({ 'content-encoding': encoding })),
    ]
    const flaws: string[] = []
    for (const each of headers) {
      const found = flaw(await send(url, routes[route], { body: JSON.stringify(good[route]), headers: each }))
      if (found !== '') flaws.push(`${JSON.stringify(each)}: ${found}`)
    }
    expect(flaws).toEqual([])
    expect(upstream.requests).toHaveLength(0)
  })

  test('wrong methods are 4xx', async () => {
    const { url } = await running()
    const methods = ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'TRACE', 'PROPFIND']
    const statuses = await Promise.all(
      methods.map(async (method) => (await send(url, routes[route], { method })).status),
    )
    expect(statuses.filter((status) => status !== 404 && status !== 405)).toEqual([])
  })
})

test('bytes that are no UTF-8 are refused at their place', async () => {
  const { url } = await running()
  const body = Buffer.concat([
    Buffer.from('{"model":"m","x":"'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}'),
  ])
  const { status, text } = await send(url, routes.chat, { body })
  expect(status).toBe(400)
  expect(text).toContain('not valid UTF-8 at byte 18')
})

test('the SDK makes exactly one attempt for each mistake, unknown model and missing operation', async () => {
  const upstream = await fakeUpstream(healthy())
  const operations = ['chat', 'completions', 'embeddings']
  const { url } = await startProxy({ providers: [provider('a', upstream.url, { operations })] })
  let attempts = 0
  const client = new OpenAI({
    baseURL: `${url}/v1`,
    apiKey: 'any',
    fetch: (input, init) => {
      attempts += 1
      return fetch(input, init)
    },
  })
  const calls = [
    () => client.chat.completions.create({ model: 'm', messages: [null] as never }),
    () => client.chat.completions.create({ model: 'm', messages: 'x' as never }),
    () =>
      client.chat.completions.create({
        model: 'nobody-has-this',
        messages: [{ role: 'user', content: 'x' }],
      }),
    () => client.images.generate({ model: 'm', prompt: 'x' }),
    () => client.responses.create({ model: 'm', input: 'x' }),
    () => client.embeddings.create({ model: 'm', input: {} as never }),
  ]
  for (const call of calls) {
    attempts = 0
    const error: unknown = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(APIError)
    expect(attempts).toBe(1)
  }
  expect(upstream.requests).toHaveLength(0)
})
