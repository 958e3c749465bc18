import { afterAll, beforeAll, expect, test } from 'vitest'
import { type MixedGateway, mixedGateway, modelOf } from '../vendors/support/mixed-gateway.ts'
import { vendors } from '../vendors/support/vendors.ts'
import { fakeUpstream, healthy, provider, raw, send, startProxy } from './support.ts'

let mixed: MixedGateway
beforeAll(async () => {
  mixed = await mixedGateway(undefined, {
    openai: { video_poll_interval: 0.01 },
    grok: { video_poll_interval: 0.01 },
  })
})
afterAll(() => mixed[Symbol.asyncDispose]())

/** The same numbers in every run, in [0, 1). */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

const routes = {
  chat: '/v1/chat/completions',
  completions: '/v1/completions',
  embeddings: '/v1/embeddings',
  images: '/v1/images/generations',
  videos: '/v1/videos/generations',
  messages: '/v1/messages',
} as const
type Route = keyof typeof routes

const tools = [
  {
    type: 'function',
    function: { name: 'f', description: 'd', parameters: { type: 'object', properties: {} } },
  },
]
const asked = [
  { role: 'system', content: 'Be brief' },
  { role: 'user', content: [{ type: 'text', text: 'é😀' }] },
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: 'c', content: 'r' },
]

/** A rich good body of each route. */
const good: Readonly<Record<Route, object>> = {
  chat: {
    messages: asked,
    tools,
    tool_choice: 'auto',
    temperature: 0.5,
    n: 1,
    stop: ['x'],
    max_tokens: 9,
    stream: false,
  },
  completions: { prompt: ['a', 'b'], max_tokens: 9, echo: false, logprobs: null, stop: 'x' },
  embeddings: { input: ['a', 'b'], encoding_format: 'float', dimensions: 3 },
  images: { prompt: 'a', n: 1, size: '1024x1024', response_format: 'url' },
  videos: { prompt: 'a', seconds: '4', size: '1280x720' },
  messages: {
    max_tokens: 9,
    messages: [{ role: 'user', content: 'x' }],
    system: [{ type: 'text', text: 's' }],
    tools: [{ name: 'f', input_schema: { type: 'object' } }],
  },
}

/** JSON texts that stand where a value was. */
const values = [
  'null',
  'true',
  '0',
  '-1',
  '1.5',
  '1e999',
  '-1e999',
  '1e-999',
  '9'.repeat(400),
  '""',
  '"x"',
  '[]',
  '{}',
  '[null]',
  '[[]]',
  '[{}]',
  '{"a":1}',
  '{"__proto__":1}',
  '{"toString":1}',
  '{"length":-1}',
  '"\\ud800"',
  '"\\u0000"',
  '"../.."',
  '[1,2,3]',
  '["",""]',
  `${'['.repeat(150)}${']'.repeat(150)}`,
  `"${'x'.repeat(3000)}"`,
]

/** Where values stand in a JSON text. */
function valuesIn(text: string): { readonly at: number; readonly length: number }[] {
  const found = text.matchAll(
    /(?<=[:[,])(?:"(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|true|false|null|\[\]|\{\})(?=[,\]}])/g,
  )
  return [...found].map((match) => ({ at: match.index, length: match[0].length }))
}

type Damage = (body: Buffer, random: () => number) => Buffer

const pick = <Item>(list: readonly Item[], random: () => number): Item =>
  list[Math.floor(random() * list.length)]!

const damages: readonly Damage[] = [
  // Another value.
  (body, random) => {
    const text = body.toString()
    const places = valuesIn(text)
    if (places.length === 0) return body
    const { at, length } = pick(places, random)
    return Buffer.from(text.slice(0, at) + pick(values, random) + text.slice(at + length))
  },
  // A byte that is another one, or is not there, or stands twice.
  (body, random) => {
    const changed = Buffer.from(body)
    changed[Math.floor(random() * body.length)] = Math.floor(random() * 256)
    return changed
  },
  (body, random) => {
    const at = Math.floor(random() * body.length)
    return Buffer.concat([body.subarray(0, at), body.subarray(at + 1)])
  },
  (body, random) => {
    const at = Math.floor(random() * body.length)
    return Buffer.concat([body.subarray(0, at), body.subarray(at, at + 40), body.subarray(at)])
  },
  // Cut, also inside of a character.
  (body, random) => body.subarray(0, Math.floor(random() * body.length)),
  // A member twice.
  (body, random) => {
    const keys = [...body.toString().matchAll(/"(\w+)":/g)].map(([, key = '']) => key)
    return Buffer.from(
      `{${JSON.stringify(pick(keys, random))}:${pick(values, random)},${body.toString().slice(1)}`,
    )
  },
  // Bytes of chance.
  (body, random) => Buffer.from(body.map(() => Math.floor(random() * 256))),
]

function damaged(route: Route, model: string, random: () => number): Buffer {
  let body: Buffer = Buffer.from(JSON.stringify({ model, ...good[route] }))
  const times = 1 + Math.floor(random() * 3)
  // Mostly other values: they get furthest.
  for (let round = 0; round < times; round++)
    body = pick([damages[0]!, damages[0]!, ...damages], random)(body, random)
  return body
}

/** What is wrong with an answer; empty when nothing is. */
function flaw(status: number, text: string): string {
  if (/\bat \S+ \(|node:internal|\.ts:\d|TypeError|RangeError|is not a function|undefined \(/.test(text))
    return 'a stack'
  if (status === 200 || status === 501) return ''
  if (status < 400 || status > 499) return `status ${status}`
  const { error } = JSON.parse(text) as { error?: { message?: unknown; type?: unknown } }
  return typeof error?.message === 'string' && error.message !== '' && typeof error.type === 'string'
    ? ''
    : 'no envelope'
}

const able = (route: Route) =>
  vendors.filter(({ vendor }) => {
    if (route === 'embeddings' || route === 'images' || route === 'videos')
      return vendor.models[route] !== undefined
    return route !== 'messages' || vendor.type === 'anthropic'
  })

test.each(Object.keys(routes) as Route[])(
  '%s: three hundred damaged bodies are 4xx or served, whoever is asked, and leave no bug behind',
  async (route) => {
    const random = dice(71)
    const flaws: string[] = []
    const statuses = new Map<number, number>()
    const one = async () => {
      const { vendor } = pick(able(route), random)
      const operation = route === 'completions' || route === 'messages' ? 'chat' : route
      const body = damaged(route, modelOf(vendor, operation), random)
      const { status, text } = await send(mixed.url, routes[route], { body })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
      const found = flaw(status, text)
      if (found !== '')
        flaws.push(
          `${vendor.type}: ${body.toString('latin1').slice(0, 300)}: ${found}: ${text.slice(0, 200)}`,
        )
    }
    for (let round = 0; round < 30; round++) await Promise.all(Array.from({ length: 10 }, one))
    expect(flaws).toEqual([])
    expect(mixed.logged).toEqual([])
    expect(statuses.get(400)).toBeGreaterThan(100)
    expect(statuses.get(200)).toBeGreaterThan(5)
  },
)

test('a body of one byte more than `body_limit` is 413 on every route, announced or in chunks', async () => {
  const upstream = await fakeUpstream(healthy())
  const limit = 70_000
  const { url } = await startProxy({ providers: [provider('a', upstream.url)], body_limit: limit })
  for (const path of Object.values(routes)) {
    for (const [size, status] of [
      [limit, 400],
      [limit + 1, 413],
    ] as const) {
      const body = ' '.repeat(size)
      expect((await send(url, path, { body })).status).toBe(status)
      const head = `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`
      const answer = await raw(url, `${head}${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    }
  }
  expect(upstream.requests).toHaveLength(0)
})
