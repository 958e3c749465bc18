import {
  type Call,
  type ChatRequest,
  type FailedResponse,
  openaiFault,
  type ProviderPlugin,
  type SseEvent,
} from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { createGateway } from '../../core/src/index.ts'
import { type Decoder, failures, openToy, withChat, withDecoder, withProvider } from './example/broken-toy.ts'
import { toyChat } from './example/toy-chat.ts'
import toy from './example/toy-vendor.ts'
import { checkDefinitions, type GatewayLike, loadFixtures } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))

const shared: { decoder?: Decoder } = {}
let runs = 0

interface Body {
  readonly error: { readonly type: string }
}

const makesUpAnEnding = withDecoder((own, call) => {
  let ended = false
  const made = { index: 0, delta: {}, finish_reason: 'length' }
  const { created, model } = call
  const chunk = {
    id: `chatcmpl-${call.id}`,
    object: 'chat.completion.chunk',
    created,
    model,
    choices: [made],
  }
  return {
    event(event: SseEvent) {
      ended ||= event.data.includes('ended')
      return own.event(event)
    },
    end: () => (ended ? [] : [chunk]),
  }
})

const brokenPlugins: readonly [what: string, plugin: ProviderPlugin, check: string, message: string][] = [
  [
    'loses the usage',
    withChat({
      response: (body: unknown, call: never) => ({ ...toyChat.response?.(body, call), usage: null }),
    }),
    'response() gives what',
    '$.usage',
  ],
  [
    'hands on the vendor’s finish reason',
    withChat({
      response: (body: unknown, call: never) => {
        const whole = toyChat.response?.(body, call)
        return { ...whole, choices: whole?.choices.map((choice) => ({ ...choice, finish_reason: 'full' })) }
      },
    }),
    'whole answers have the shape',
    'finish_reason',
  ],
  [
    'trusts every body',
    withChat({
      response: (body: { reply: string }, call: never) => ({
        ...toyChat.response?.({ reply: body.reply.trim(), ended: 'full' }, call),
      }),
    }),
    'response() throws a ProviderFault of kind bad_response',
    'TypeError',
  ],
  [
    'takes an error for an answer',
    withChat({
      response: (body: { error?: unknown }, call: never) =>
        toyChat.response?.(
          body?.error === undefined || body.error === null ? body : { reply: '', ended: 'full' },
          call,
        ),
    }),
    'response() throws a ProviderFault for an error',
    'nothing was thrown',
  ],
  [
    'repeats the role',
    withDecoder((own) => ({
      ...own,
      event: (event: SseEvent) =>
        own.event(event).map((chunk) => ({
          ...chunk,
          choices: chunk.choices.map((choice) => ({
            ...choice,
            delta: { role: 'assistant', ...choice.delta },
          })),
        })),
    })),
    'streams are what OpenAI',
    'role deltas',
  ],
  [
    'never finishes',
    withDecoder((own) => ({
      ...own,
      event: (event: SseEvent) =>
        own.event(event).map((chunk) => ({
          ...chunk,
          choices: chunk.choices.map((choice) => ({ ...choice, finish_reason: null })),
        })),
    })),
    'streams are what OpenAI',
    '0 finish reasons',
  ],
  [
    'changes its id',
    withDecoder((own) => ({
      ...own,
      event: (event: SseEvent) =>
        own.event(event).map((chunk) => ({ ...chunk, id: `chatcmpl-${(runs += 1)}` })),
    })),
    'streams are what OpenAI',
    'id changes',
  ],
  [
    'forgets the usage in streams',
    withDecoder((own) => ({
      ...own,
      event: (event: SseEvent) => own.event(event).filter((chunk) => chunk.usage === undefined),
    })),
    'usage is in the stream',
    'no stream has',
  ],
  [
    'chokes on a ping',
    withDecoder((own) => ({
      ...own,
      event: (event: SseEvent) => {
        if (event.event === 'ping') throw new Error('ping?')
        return own.event(event)
      },
    })),
    'unknown events',
    'ping?',
  ],
  [
    'shares a decoder',
    withChat({
      stream: (call: Call<ChatRequest>) => {
        shared.decoder = openToy(call)
        return {
          event: (event: SseEvent) => shared.decoder?.event(event),
          end: () => shared.decoder?.end?.() ?? [],
        }
      },
    }),
    'two streams',
    'mix',
  ],
  [
    'has no end()',
    withDecoder((own) => ({ event: (event: SseEvent) => own.event(event) })),
    'a stream that is cut',
    'looks complete',
  ],
  ['makes up an ending', makesUpAnEnding, 'a stream that is cut', 'looks complete'],
  [
    'swallows error events',
    withDecoder((own) => ({
      ...own,
      event: (event: SseEvent) => (event.data.includes('error') ? [] : own.event(event)),
    })),
    'an error event throws',
    'error event',
  ],
  [
    'cannot read HTML',
    withProvider((own) => ({
      ...own,
      fault: (response: FailedResponse) =>
        (response.body as Body).error.type === 'x' ? undefined : openaiFault(response),
    })),
    'every status from 400',
    'TypeError',
  ],
  [
    'invents a fault kind',
    withProvider((own) => ({ ...own, fault: () => ({ kind: 'oops', message: 'oops' }) })),
    'every status from 400',
    'oops',
  ],
  [
    'takes a rate limit for a bad request',
    withProvider((own) => ({ ...own, fault: () => ({ kind: 'invalid_request', message: 'no' }) })),
    'failed answers are classified',
    'rate_limit',
  ],
  [
    'says it cannot stream',
    withProvider((own) => ({ ...own, supports: { streaming: false } })),
    'no fixture uses',
    'streaming',
  ],
  [
    'has an operation nobody tests',
    withProvider((own) => ({
      ...own,
      operations: { ...own.operations, embeddings: { request: () => ({ path: '/embed' }) } },
    })),
    'every operation has a fixture',
    'embeddings',
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

describe('through a gateway, a plugin that', () => {
  test('sends no key fails', async () => {
    const failed = await failures(
      withProvider((own) => ({ ...own, authorize: () => ({}) })),
      fixtures,
      createGateway,
    )
    expect([...failed.keys()]).toEqual([
      'authorize() adds the headers that options.json says',
      'through a gateway the key arrives in a header',
    ])
  })

  test('makes up an ending fails', async () => {
    const failed = await failures(makesUpAnEnding, fixtures, createGateway)
    expect([...failed.keys()]).toContain(
      'through a gateway a stream that breaks off ends in an error and never in [DONE]',
    )
  })
})

test('a gateway that answers everything alike fails every end-to-end check', async () => {
  const lie = (): Promise<GatewayLike> =>
    Promise.resolve({
      respond: () => Promise.resolve({ status: 200, text: () => Promise.resolve('data: [DONE]\n\n') }),
      close: () => Promise.resolve(),
    })
  const failed = await failures(toy, fixtures, lie)
  const relays = 'through a gateway the first event of a relayed stream may come twice'
  const expected = checkDefinitions.filter(({ endToEnd, name }) => endToEnd === true && name !== relays)
  expect([...failed.keys()]).toEqual(expected.map(({ name }) => name))
})
