import type { GatewayConfigInput } from '@llmproxy/core'
import type { MockServer, RecordedRequest } from '@llmproxy/provider-mock/server'
import { afterEach, expect, test } from 'vitest'
import { compatible, type Started, start } from '../support/start.ts'

type ModelInput = NonNullable<NonNullable<GatewayConfigInput['providers']>[number]['models']>[number]

let gateway: Started | undefined
afterEach(() => gateway?.close())

const fixed = 'Hello from the mock model.'
const long = 'a'.repeat(10_000)

/** The bodies of the specification's examples, as `curl` sends them. */
const chatExample = `{
    "model": "gpt-3.5-turbo",
    "messages": [{"role": "user", "content": "${long}"}],
    "stream": false,
    "max_tokens": 50
  }`
const completionsExample = `{
    "model": "gpt-3.5-turbo-instruct",
    "prompt": "${long}",
    "stream": false,
    "max_tokens": 50
  }`

interface Example {
  readonly path: string
  readonly body: string
}
const chat: Example = { path: '/v1/chat/completions', body: chatExample }
const completions: Example = { path: '/v1/completions', body: completionsExample }

function aliases(upstream: string): ModelInput[] {
  return [
    { id: 'gpt-3.5-turbo', upstream },
    { id: 'gpt-3.5-turbo-instruct', upstream },
  ]
}

/** Both models at `upstream`, and summaries by a provider of their own, asked for `summariser`. */
async function withSummariser(
  upstream: string,
  summariser: string,
): Promise<{ main: MockServer; summaries: MockServer }> {
  gateway = await start({
    mocks: 2,
    config: ([first = '', second = '']) => ({
      api_keys: [{ key: 'your-api-key', name: 'sample' }],
      providers: [
        compatible(first, { name: 'main', models: aliases(upstream) }),
        compatible(second, { name: 'summariser', models: [summariser], priority: 2 }),
      ],
      condensation: { provider: 'summariser' },
    }),
  })
  const [main, summaries] = gateway.upstreams
  return { main: main!, summaries: summaries! }
}

async function send({ path, body }: Example): Promise<{ status: number; condensed: string; answer: Answer }> {
  const response = await fetch(gateway!.url + path, {
    method: 'POST',
    headers: { authorization: 'Bearer your-api-key', 'content-type': 'application/json' },
    body,
  })
  const answer = (await response.json()) as Answer
  return { status: response.status, condensed: response.headers.get('x-llmproxy-condensed') ?? '', answer }
}

interface Answer {
  readonly choices?: readonly { readonly text?: string; readonly message?: { readonly content: string } }[]
  readonly error?: { readonly code: string }
}

interface Body {
  readonly stream?: boolean
  readonly max_tokens?: number
  readonly prompt?: string
  readonly messages?: readonly { readonly role: string; readonly content: string }[]
}

/** Without those for the list of models, which is fetched now and then. */
function posts(mock: MockServer): readonly RecordedRequest[] {
  return mock.requests.filter(({ method }) => method === 'POST')
}

function bodies(mock: MockServer): readonly Body[] {
  return posts(mock).map(({ body }) => JSON.parse(body.toString()) as Body)
}

const statuses = (mock: MockServer) => posts(mock).map(({ status }) => status)

test.each([chat, completions])(
  'the example of $path: the provider is asked twice, its summary comes from another, and once',
  async (example) => {
    const { main, summaries } = await withSummariser('mock-strict-window-2000', 'mock-digest')
    const first = await send(example)
    expect(first).toMatchObject({ status: 200 })
    expect(first.condensed).toMatch(/^summary; from=\d+; to=\d+$/)
    expect(statuses(main)).toEqual([400, 200])
    expect(statuses(summaries)).toEqual([200])
    const second = await send(example)
    expect(second.status).toBe(200)
    expect(second.condensed).toMatch(/^summary; /)
    expect(statuses(main).slice(2)).toEqual([400, 200])
    expect(posts(summaries)).toHaveLength(1)
    expect(bodies(main)[3]).toEqual(bodies(main)[1])
    const [summary] = bodies(summaries)
    expect(summary!.max_tokens).toBe(512)
    expect(JSON.stringify(summary)).toContain(long)
  },
)

test.each([chat, completions])(
  'the example of $path with one provider for everything: it is asked twice for the answer',
  async (example) => {
    gateway = await start({
      config: ([url = '']) => ({
        api_keys: ['your-api-key'],
        providers: [compatible(url, { name: 'main', models: aliases('mock-strict-window-2000-digest') })],
        condensation: {},
      }),
    })
    const [main] = gateway.upstreams
    const isAnswer = (body: Body) => body.max_tokens === 50
    expect(await send(example)).toMatchObject({ status: 200 })
    const once = bodies(main!)
    expect(once.filter(isAnswer)).toHaveLength(2)
    // The text is larger than the window of the one model that can summarise it.
    expect(once.length - 2).toBeGreaterThan(1)
    expect((await send(example)).condensed).toMatch(/^summary; /)
    expect(bodies(main!).slice(once.length).map(isAnswer)).toEqual([true, true])
  },
)

test('what a model gets: a system message with the summary and the original last message', async () => {
  const { main } = await withSummariser('mock-flaky-1-context-length-no-numbers', 'mock-fixed')
  const history = [
    { role: 'user', content: `Long ago: ${long}` },
    { role: 'assistant', content: 'Indeed.' },
    { role: 'user', content: 'And now?' },
  ]
  const body = JSON.stringify({ model: 'gpt-3.5-turbo', messages: history, stream: false, max_tokens: 50 })
  expect(await send({ ...chat, body })).toMatchObject({ status: 200 })
  const [original, condensed] = bodies(main)
  expect(original!.messages).toEqual(history)
  const [system, last, ...more] = condensed!.messages!
  expect(more).toEqual([])
  expect(system!.role).toBe('system')
  expect(system!.content).toContain(fixed)
  expect(system!.content).not.toContain('aaaa')
  expect(last).toEqual(history[2])
  expect({ ...condensed, messages: history }).toEqual(original)
})

test.each(['mock-strict-window-2000', 'mock-flaky-1-context-length-no-numbers'])(
  'the last message of the example is what does not fit %s: its two ends stay, and a mark between them',
  async (upstream) => {
    const { main } = await withSummariser(upstream, 'mock-fixed')
    await send(chat)
    const [system, last] = bodies(main)[1]!.messages!
    expect(system!.content).toContain(fixed)
    expect(last!.content).toMatch(/^a{1000,}[^a]+[^]*[^a]a{1000,}$/)
    expect(last!.content.length).toBeLessThan(8000)
  },
)

test('what a model of text completions gets: Resumo and the summary, nothing else', async () => {
  const { main } = await withSummariser('mock-strict-window-2000-echo', 'mock-fixed')
  const { answer } = await send(completions)
  const [original, condensed] = bodies(main)
  expect(condensed).toEqual({ ...original, prompt: `Resumo: ${fixed}` })
  expect(condensed!.stream).toBe(false)
  expect(answer.choices![0]!.text).toBe(`Resumo: ${fixed}`)
})

test('a prompt that is the only one of a list is condensed like a text', async () => {
  const { main } = await withSummariser('mock-strict-window-2000-echo', 'mock-fixed')
  const { status, answer } = await send({
    ...completions,
    body: completions.body.replace(/"prompt": ("a+")/, '"prompt": [$1]'),
  })
  expect([status, answer.choices![0]!.text]).toEqual([200, `Resumo: ${fixed}`])
  expect([bodies(main)[0]!.prompt, bodies(main)[1]!.prompt]).toEqual([
    [expect.stringMatching(/^a+$/)],
    `Resumo: ${fixed}`,
  ])
})

test('streamed requests get the original error, and nothing is summarised', async () => {
  const { main, summaries } = await withSummariser('mock-strict-window-2000', 'mock-fixed')
  for (const { path, body } of [chat, completions]) {
    const streamed = body.replace('"stream": false', '"stream": true')
    const { status, answer } = await send({ path, body: streamed })
    expect(status).toBe(400)
    expect(answer.error!.code).toBe('context_length_exceeded')
  }
  expect(statuses(main)).toEqual([400, 400])
  expect(posts(summaries)).toEqual([])
})
