import { expect, test } from 'vitest'
import {
  ask,
  chat,
  completion,
  errorBody,
  fakeUpstream,
  healthy,
  paths,
  provider,
  send,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

const codeOf = (text: string) => (JSON.parse(text) as { error: { code: string } }).error.code

/** Chat alone: several prompts of a completion become several chats. */
async function splitting() {
  const upstream = await fakeUpstream((_request, response) => sendJson(response, 200, completion()))
  const proxy = await startProxy({
    providers: [provider('a', upstream.url, { type: 'openai', operations: undefined })],
  })
  const complete = async (prompts: number, members = 0) => {
    const more = Object.fromEntries(Array.from({ length: members }, (_, index) => [`x${index}`, 1]))
    const prompt = Array.from({ length: prompts }, (_, index) => `${index}`)
    return await send(proxy.url, paths.completions, { body: { model: 'm', prompt, ...more } })
  }
  return { upstream, complete }
}

test('one request makes at most 256 of its prompts, and none when it asks for more', async () => {
  const { upstream, complete } = await splitting()
  expect((await complete(256)).status).toBe(200)
  expect(upstream.requests).toHaveLength(256)
  for (const prompts of [257, 10_000]) {
    const { status, text } = await complete(prompts)
    expect([status, codeOf(text)]).toEqual([400, 'too_many_parts'])
  }
  expect(upstream.requests).toHaveLength(256)
})

test('fifty thousand prompts beside two thousand members are refused before they are multiplied', async () => {
  const { upstream, complete } = await splitting()
  const begun = performance.now()
  const { status, text } = await complete(50_000, 2000)
  expect([status, codeOf(text)]).toEqual([400, 'too_many_parts'])
  expect(performance.now() - begun).toBeLessThan(2000)
  expect(upstream.requests).toHaveLength(0)
})

test('one request is asked upstream at most `max_attempts` times, whatever fails', async () => {
  const upstream = await fakeUpstream((_request, response) => sendJson(response, 500, errorBody('x')))
  const providers = Array.from({ length: 20 }, (_, index) =>
    provider(`p${index}`, upstream.url, { max_retries: 9, circuit_breaker_threshold: 1000 }),
  )
  const proxy = await startProxy({ providers, max_attempts: 4 })
  const { status, headers } = await chat(proxy.url)
  expect(status).toBe(503)
  expect(headers['x-should-retry']).toBe('false')
  expect(upstream.requests).toHaveLength(4)
})

test('a model that a provider does not list is not asked there, under no name', async () => {
  const upstream = await fakeUpstream(healthy())
  const models = ['cheap', 'small-*', { id: 'alias', upstream: 'real' }]
  const { url } = await startProxy({ providers: [provider('a', upstream.url, { models })] })
  for (const model of [
    'dear',
    'a/dear',
    'a/real',
    'a/a/cheap',
    'a/small',
    'A/cheap',
    'real',
    'cheap ',
    'CHEAP',
  ]) {
    expect([model, (await chat(url, { model })).status]).toEqual([model, 404])
  }
  for (const model of ['cheap', 'a/cheap', 'a/small-1', 'a/alias']) {
    expect([model, (await chat(url, { model })).status]).toEqual([model, 200])
  }
  const asked = upstream.requests.map(({ body }) => (JSON.parse(body.toString()) as { model: string }).model)
  expect(asked).toEqual(['cheap', 'cheap', 'small-1', 'real'])
})

test('a key above its limit costs nothing, not even the reading of its body', async () => {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({
    providers: [provider('a', upstream.url)],
    api_keys: ['the-key-of-a-client'],
    rate_limits: { chat: 2 },
  })
  const statuses: number[] = []
  for (let index = 0; index < 5; index++) {
    statuses.push((await ask(url, 'chat', {}, { 'x-api-key': 'the-key-of-a-client' })).status)
  }
  expect(statuses).toEqual([200, 200, 429, 429, 429])
  const broken = await send(url, paths.chat, { body: '{', headers: { 'x-api-key': 'the-key-of-a-client' } })
  expect(broken.status).toBe(429)
  expect(upstream.requests).toHaveLength(2)
})

test.each([0, -1, 1.5, 1e10, 1e308, '1e999', '"2"', '[]', '{}'])(
  'n: %s is no number of answers',
  async (n) => {
    const upstream = await fakeUpstream(healthy())
    const { url } = await startProxy({ providers: [provider('a', upstream.url)] })
    const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"n":${n}}`
    const { status } = await send(url, paths.chat, { body })
    // Whole numbers are the vendor's to judge: it says what it takes.
    expect(status).toBe(n === 1e10 || n === 1e308 ? 200 : 400)
  },
)
