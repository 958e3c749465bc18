import {
  type Call,
  type ChatRequest,
  definePlugin,
  type ProviderPlugin,
  refuse,
} from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { failures, withChat, withOptions, withProvider } from './example/broken-toy.ts'
import { toyChat } from './example/toy-chat.ts'
import toy from './example/toy-vendor.ts'
import { loadFixtures } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))

let runs = 0

const brokenPlugins: readonly [what: string, plugin: ProviderPlugin, check: string, message: string][] = [
  [
    'speaks another API version',
    Object.freeze({ ...toy, apiVersion: 2 }) as never,
    'the default export',
    'apiVersion is 2',
  ],
  ['is not frozen', { ...toy }, 'the default export', 'not frozen'],
  [
    'misspells a member',
    withProvider((own) => ({ ...own, helth: () => ({ path: '/status' }) })),
    'create() gives',
    'helth',
  ],
  [
    'stumbles over headers that are not there',
    withProvider((own) => ({
      ...own,
      rateLimits: (headers: Record<string, string>) => ({
        'x-ratelimit-remaining-requests': headers['toy-left']?.trim() ?? headers['toy-rest']!.trim(),
      }),
    })),
    'rateLimits() gives',
    'rateLimits({"content-type":"application/json"}) threw TypeError',
  ],
  [
    'names limits as nobody reads them',
    withProvider((own) => ({ ...own, rateLimits: () => ({ 'x-ratelimit-left': '1' }) })),
    'rateLimits() gives',
    'gave x-ratelimit-left, which no client reads',
  ],
  [
    'gives limits that are no texts',
    withProvider((own) => ({ ...own, rateLimits: () => ({ 'x-ratelimit-limit-tokens': 5 }) })),
    'rateLimits() gives',
    'x-ratelimit-limit-tokens must be a text',
  ],
  [
    'gives no limits at all',
    withProvider((own) => ({ ...own, rateLimits: () => undefined })),
    'rateLimits() gives',
    'gave undefined; give {} for none',
  ],
  [
    'has a flag nobody knows',
    withProvider((own) => ({ ...own, supports: { toools: true } })),
    'create() gives',
    'toools',
  ],
  [
    'says that it goes on with messages, and lets the user speak last',
    withProvider((own) => ({
      ...own,
      supports: { ...own.supports, continuation: true },
      operations: {
        chat: {
          ...toyChat,
          request: (call: Call<ChatRequest>) => {
            const messages = [
              ...call.body.messages,
              { role: 'user', content: 'conformance question' },
            ] as const
            return toyChat.request({ ...call, body: { ...call.body, messages: [...messages] } })
          },
        },
      },
    })),
    'with supports.continuation',
    'the assistant’s message is not the last one',
  ],
  [
    'says that it goes on with messages, and leaves them out',
    withProvider((own) => ({
      ...own,
      supports: { ...own.supports, continuation: true },
      operations: { chat: { ...toyChat, request: () => ({ path: '/talk', body: {} }) } },
    })),
    'with supports.continuation',
    'the assistant’s message is not sent',
  ],
  [
    'says that it goes on with messages, and refuses them all',
    withProvider((own) => ({
      ...own,
      supports: { ...own.supports, continuation: true },
      operations: {
        chat: {
          ...toyChat,
          request: (call: Call<ChatRequest>) => {
            if (call.body.messages.at(-1)?.role === 'assistant')
              throw refuse('messages', 'must end with a question')
            return toyChat.request(call)
          },
        },
      },
    })),
    'with supports.continuation',
    'no model among the fixtures',
  ],
  [
    'starts a timer in create()',
    withProvider((own) => {
      clearTimeout(setTimeout(() => undefined, 1))
      return own
    }),
    'create() opens nothing',
    'Timeout',
  ],
  [
    'reads the environment in create()',
    withProvider((own) => (process.env['TOY_KEY'] === '' ? {} : own)),
    'create() opens nothing',
    'TOY_KEY',
  ],
  [
    'ignores unknown options',
    withOptions(z.looseObject({ api_key: z.string(), base_url: z.string().default('') })),
    'an unknown option',
    'conformance_unknown_key',
  ],
  [
    'needs no key',
    withOptions(z.strictObject({ api_key: z.string().optional(), base_url: z.url().optional() })),
    'every invalid sample',
    'invalid[0]: accepted',
  ],
  [
    'refuses a valid sample',
    withOptions(z.strictObject({ api_key: z.string() })),
    'every valid sample',
    'valid[1]',
  ],
  [
    'takes a host key',
    withOptions(
      z.strictObject({
        api_key: z.string(),
        base_url: z.string().optional(),
        timeout: z.number().optional(),
      }),
    ),
    'no option has the name',
    'timeout',
  ],
  [
    'keeps its key in the open',
    withProvider((own, options) => ({
      ...own,
      clientHeaders: [(options as { api_key: { reveal(): string } }).api_key.reveal()],
    })),
    'secrets never show',
    'inspect',
  ],
  [
    'echoes the key in a message',
    withOptions(
      z.strictObject({
        api_key: z.string().regex(/^[\x20-\x7e]*$/, { error: (issue) => `bad key ${String(issue.input)}` }),
        base_url: z.string().optional(),
      }),
    ),
    'secrets never show',
    'repeats a secret',
  ],
  [
    'puts the key into the path',
    withProvider((own, options) => ({
      ...own,
      health: {
        request: () => ({
          path: `/status?key=${(options as { api_key: { reveal(): string } }).api_key.reveal()}`,
        }),
      },
    })),
    'secrets never show',
    'health()',
  ],
  [
    'sends its key in another header',
    withProvider((own) => ({ ...own, authorize: () => ({ 'x-wrong': 'Bearer test-key' }) })),
    'authorize() adds',
    'options.json: authorize[0].x-wrong: expected nothing, found "Bearer test-key"',
  ],
  [
    'cannot authorize',
    withProvider((own) => ({ ...own, authorize: () => Promise.reject(new Error('no token')) })),
    'authorize() adds',
    'options.json: authorize[0]: authorize() threw Error: no token',
  ],
  [
    'asks the wrong health path',
    withProvider((own) => ({ ...own, health: { request: () => ({ method: 'GET', path: '/nowhere' }) } })),
    'health() and models',
    '/nowhere',
  ],
  [
    'changes the body',
    withChat({
      request: (call: { body: { model: string } }) =>
        toyChat.request(Object.assign(call, { body: Object.assign(call.body, { model: 'x' }) }) as never),
    }),
    'request() is repeatable',
    'read only',
  ],
  [
    'counts its requests',
    withChat({
      request: (call: never) => ({ ...toyChat.request(call), headers: { 'x-run': String((runs += 1)) } }),
    }),
    'request() is repeatable',
    'x-run',
  ],
  [
    'sends a date',
    withChat({
      request: (call: never) => ({ path: '/talk', body: { ...toyChat.request(call).body, at: new Date(0) } }),
    }),
    'request() gives a path',
    'not a plain object',
  ],
  [
    'forgets the slash',
    withChat({ request: (call: never) => ({ ...toyChat.request(call), path: 'talk' }) }),
    'request() gives a path',
    'does not start with',
  ],
  [
    'sends another body',
    withChat({ request: () => ({ path: '/talk', body: {} }) }),
    'request() builds what',
    'engine',
  ],
  [
    'drops in silence',
    withChat({
      request: (call: Call<ChatRequest>) => toyChat.request({ ...call, dropped: () => undefined }),
    }),
    'request() reports exactly',
    'temperature',
  ],
  [
    'stumbles over parts',
    withChat({
      request: (call: Call<ChatRequest>) => {
        if (JSON.stringify(call.body).includes('"type":"text"')) throw new TypeError('parts')
        return toyChat.request(call)
      },
    }),
    'request() refuses',
    'TypeError',
  ],
]

describe('a plugin that', () => {
  for (const [what, plugin, check, message] of brokenPlugins) {
    test(`${what} fails: ${check} …`, async () => {
      const failed = await failures(plugin, fixtures)
      const found = [...failed].find(([name]) => name.startsWith(check))
      expect(found, `failed instead: ${[...failed.values()].join('\n')}`).toBeDefined()
      expect(found?.[1]).toContain(message)
    })
  }
})

test('a fixture that holds a key fails', async () => {
  const files = [{ name: 'options.json', text: `{"api_key":"sk-${'a1'.repeat(12)}"}` }]
  const failed = await failures(toy, { ...fixtures, files })
  expect([...failed.keys()]).toEqual(['fixtures hold no secrets'])
  expect([...failed.values()][0]).not.toContain('a1a1a1a1')
})

test('a plugin without a single fixture fails by name, operation by operation', async () => {
  const plugin = definePlugin({
    type: 'bare',
    options: z.strictObject({}),
    create: () => ({
      baseUrl: 'http://bare.invalid',
      operations: { images: { request: () => ({ path: '/images' }) } },
      authorize: () => ({}),
    }),
  })
  const failed = await failures(plugin, { options: { valid: [{}] }, cases: [], files: [] })
  expect([...failed.keys()]).toEqual([
    'every operation has a fixture, streaming included, and every fixture an operation',
    'every fixture holds a request and what comes of it, and one of them a failed answer',
  ])
})
