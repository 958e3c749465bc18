import { createGateway, type Gateway } from '@llmproxy/core'
import { type RecordedRequest, startReplayUpstream } from '@llmproxy/provider-kit/testing'
import { describe, expect, test } from 'vitest'
import { vendors } from './support/vendors.ts'

interface Format {
  readonly type: string
  /** Options beside the key and the address; `base` is a path below the upstream's root. */
  readonly options: object
  readonly base?: string
  readonly operation?: 'chat' | 'images' | 'videos'
  readonly request: object
  /** What the specification's "Supported Providers" section says is sent. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What the vendor answers in that format. */
  readonly answer: object
  /** The specification says that there is no streaming. */
  readonly emulated?: true
}

const hello = [{ role: 'user', content: 'Hello' }]
const completion = {
  id: 'x',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
}
const bearer = { authorization: 'Bearer test-key' }
const anthropicHeaders = { 'x-api-key': 'test-key', 'anthropic-version': '2023-06-01' }

const formats: readonly Format[] = [
  {
    type: 'openai',
    options: {},
    base: '/v1',
    request: { model: 'gpt-4', messages: hello, max_tokens: 100, temperature: 0.7 },
    path: '/v1/chat/completions',
    headers: bearer,
    body: '{"model":"gpt-4","messages":[{"role":"user","content":"Hello"}],"max_tokens":100,"temperature":0.7}',
    answer: completion,
  },
  {
    type: 'anthropic',
    options: { api: 'messages-prompt' },
    request: { model: 'claude-3-sonnet-20240229', messages: hello, max_tokens: 200 },
    path: '/v1/messages',
    headers: anthropicHeaders,
    body: '{"model":"claude-3-sonnet-20240229","max_tokens":200,"stop_sequences":["Human:"],"messages":[{"role":"user","content":"Human: Hello\\n\\nAssistant:"}]}',
    answer: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-3-sonnet-20240229',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'stop_sequence',
      stop_sequence: 'Human:',
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  {
    type: 'perplexity',
    options: { api: 'ask' },
    request: {
      model: 'llama-2-70b-chat',
      messages: [...hello, { role: 'user', content: 'Last user message' }],
      max_tokens: 100,
    },
    path: '/v1/ask',
    headers: { 'x-perplexity-api-key': 'test-key' },
    body: '{"model":"llama-2-70b-chat","query":"Last user message","max_tokens":100}',
    answer: { answer: 'Hi', perplexity_sources: [{ title: 'A', url: 'https://a.example' }] },
    emulated: true,
  },
  {
    type: 'grok',
    options: { api: 'complete' },
    base: '/v1',
    request: { model: 'grok-beta', messages: hello, max_tokens: 100 },
    path: '/v1/complete',
    headers: bearer,
    body: '{"model":"grok-beta","prompt":"User: Hello\\nAssistant: ","max_tokens":100}',
    answer: { completion: ' Hi', stop_reason: 'stop_sequence' },
    emulated: true,
  },
  {
    type: 'blackbox',
    options: { api: 'openai-images' },
    request: { model: 'blackbox-alpha', messages: hello },
    path: '/v1/chat/completions',
    headers: bearer,
    body: '{"model":"blackbox-alpha","messages":[{"role":"user","content":"Hello"}]}',
    answer: completion,
    emulated: true,
  },
  {
    type: 'blackbox',
    options: { api: 'openai-images' },
    operation: 'images',
    request: { model: 'blackbox-alpha', prompt: 'A futuristic city', n: 1, size: '512x512' },
    path: '/v1/images/generations',
    headers: bearer,
    body: '{"model":"blackbox-alpha","prompt":"A futuristic city","n":1,"size":"512x512"}',
    answer: { data: [{ url: 'https://a.example/city.png' }] },
  },
  {
    type: 'openrouter',
    options: {},
    base: '/api',
    request: { model: 'openai/gpt-4', messages: hello },
    path: '/api/v1/chat/completions',
    headers: bearer,
    body: '{"model":"openai/gpt-4","messages":[{"role":"user","content":"Hello"}]}',
    answer: completion,
  },
  {
    type: 'cohere',
    options: { api: 'generate' },
    request: { model: 'command-xlarge-nightly', messages: hello, max_tokens: 100 },
    path: '/v1/generate',
    headers: bearer,
    body: '{"model":"command-xlarge-nightly","prompt":"User: Hello\\n\\nAssistant: ","max_tokens":100}',
    answer: {
      id: 'g',
      generations: [{ id: 'g1', text: ' Hi' }],
      meta: { billed_units: { input_tokens: 1, output_tokens: 1 } },
    },
    emulated: true,
  },
  {
    type: 'azure_openai',
    options: { deployment_id: 'gpt-4-deployment', api_version: '2023-12-01-preview' },
    request: { model: 'gpt-4-deployment', messages: hello, max_tokens: 100 },
    path: '/openai/deployments/gpt-4-deployment/chat/completions?api-version=2023-12-01-preview',
    headers: { 'api-key': 'test-key' },
    body: '{"model":"gpt-4-deployment","messages":[{"role":"user","content":"Hello"}],"max_tokens":100}',
    answer: completion,
  },
]

const credentials = ['authorization', 'x-api-key', 'api-key', 'x-perplexity-api-key', 'x-goog-api-key']

describe.each(formats.map((format) => [format.type, format.path, format] as const))(
  '%s %s',
  (_type, _path, format) => {
    const { operation = 'chat', request } = format
    const { model } = request as { model: string }

    test('what is sent is the specification’s to the byte, with its credential and no other', async () => {
      await using stage = await open(format)
      const answer = await stage.gateway.respond(operation, request)
      expect([answer.status, await answer.json()]).toMatchObject([200, {}])
      const [sent] = stage.requests
      expect([sent?.method, sent?.path]).toEqual(['POST', format.path])
      expect(sent?.body).toBe(format.body)
      expect(sent?.headers).toMatchObject({ ...format.headers, 'content-type': 'application/json' })
      expect(
        credentials.filter((name) => sent?.headers[name] !== undefined && !(name in format.headers)),
      ).toEqual([])
    })

    if (format.emulated)
      test('a streamed request gets one content chunk, a finish and [DONE]', async () => {
        await using stage = await open(format)
        const text = await (await stage.gateway.respond('chat', { ...request, stream: true })).text()
        const frames = text
          .trim()
          .split('\n\n')
          .map((frame) => frame.slice('data: '.length))
        expect(frames.at(-1)).toBe('[DONE]')
        const choices = frames
          .slice(0, -1)
          .map((frame) => (JSON.parse(frame) as { choices: object[] }).choices[0])
        expect(choices).toMatchObject([
          { delta: { role: 'assistant', content: 'Hi' }, finish_reason: null },
          { delta: {}, finish_reason: 'stop' },
        ])
        expect(stage.requests[0]?.body).toBe(format.body)
      })

    if (format.emulated)
      test('with supports.streaming: false it is 501, and nobody is asked', async () => {
        await using stage = await open(format, { supports: { streaming: false } })
        const answer = await stage.gateway.respond('chat', { ...request, stream: true })
        expect([answer.status, answer.headers['x-should-retry']]).toEqual([501, 'false'])
        expect(await answer.json()).toMatchObject({
          error: { type: 'not_implemented_error', param: 'stream' },
        })
        expect(stage.requests).toEqual([])
      })

    if (operation === 'chat')
      test('`health_check: generate` is the specification’s minimal request', async () => {
        await using stage = await open(format, { health_check: 'generate' })
        expect(await stage.gateway.probe()).toMatchObject([
          { kind: 'generate', verdict: { status: 'healthy' } },
        ])
        expect(stage.requests.map(({ method, path }) => [method, path])).toEqual([['POST', format.path]])
        expect(stage.requests[0]?.body).toContain(JSON.stringify(model))
      })
  },
)

interface Stage extends AsyncDisposable {
  readonly gateway: Gateway
  readonly requests: readonly RecordedRequest[]
}

async function open(
  { type, options, base = '', request, answer }: Format,
  entry: object = {},
): Promise<Stage> {
  const upstream = await startReplayUpstream()
  upstream.play({
    headers: { 'content-type': 'application/json' },
    writes: [Buffer.from(JSON.stringify(answer))],
  })
  const { model } = request as { model: string }
  const gateway = await createGateway(
    {
      proxy_info: false,
      providers: [
        {
          name: 'one',
          type,
          models: [model],
          api_key: 'test-key',
          base_url: upstream.url + base,
          max_retries: 0,
          ...options,
          ...entry,
        },
      ],
    },
    { plugins: vendors.map(({ plugin }) => plugin) },
  )
  return {
    gateway,
    requests: upstream.requests,
    async [Symbol.asyncDispose]() {
      await gateway.close()
      await upstream.close()
    },
  }
}
