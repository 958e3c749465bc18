import {
  type Call,
  type ChatChunk,
  type ChatRequest,
  definePlugin,
  openaiCompatible,
  type SseEvent,
} from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createGateway } from '../../core/src/index.ts'
import { failures, withChat, withDecoder } from './example/broken-toy.ts'
import { toyChat } from './example/toy-chat.ts'
import toy from './example/toy-vendor.ts'
import { type CreateGateway, type FixtureCase, type Fixtures, loadFixtures } from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))

const silent =
  'every chat parameter is forwarded, mapped, reported or refused, whatever the options and the model'
const noisy = 'chat parameters that ask for what happens anyway are neither reported nor refused'

describe('a plugin that', () => {
  test('drops a parameter without a word fails, for each of its options', async () => {
    const quiet = withChat({
      request: (call: Call<ChatRequest>) =>
        toyChat.request({ ...call, dropped: (field) => void (field === 'seed' || call.dropped(field)) }),
    })
    const failed = await failures(quiet, fixtures)
    expect([...failed.keys()]).toEqual([silent])
    expect(failed.get(silent)).toContain('seed: 7 changes nothing of what is sent, and is not reported')
  })

  test('drops what nobody knows without a word fails', async () => {
    const quiet = withChat({
      request: (call: Call<ChatRequest>) =>
        toyChat.request({
          ...call,
          dropped: (field) => void (field === 'conformance_unknown' || call.dropped(field)),
        }),
    })
    expect((await failures(quiet, fixtures)).get(silent)).toContain(
      'conformance_unknown: {"a":1} changes nothing',
    )
  })

  test('stumbles over a parameter fails', async () => {
    const stumbles = withChat({
      request: (call: Call<ChatRequest>) => {
        if (call.body.stop !== undefined) (call.body.stop as string).trim()
        return toyChat.request(call)
      },
    })
    const failed = await failures(stumbles, fixtures)
    expect(failed.get(silent)).toContain('stop: threw TypeError')
    expect(failed.get(noisy)).toContain('stop: null threw TypeError')
  })

  test('reports what asks for nothing fails', async () => {
    const eager = withChat({
      request: (call: Call<ChatRequest>) => {
        if ('n' in call.body) call.dropped('n')
        return toyChat.request(call)
      },
    })
    const failed = await failures(eager, fixtures)
    expect([...failed.keys()]).toEqual([noisy])
    expect(failed.get(noisy)).toContain('n: null is reported as dropped')
    expect(failed.get(noisy)).toContain('n: 1 is reported as dropped')
  })

  const usage =
    'whichever event comes twice, there is one usage chunk at most, and its counts are not added up'

  test('adds usage up fails', async () => {
    const adds = withDecoder((own) => {
      const held: ChatChunk[] = []
      let total = 0
      return {
        event: (event: SseEvent) => {
          total += (JSON.parse(event.data) as { tokens?: number[] }).tokens?.[0] ?? 0
          const chunks = own.event(event)
          held.push(...chunks.filter((chunk) => chunk.usage))
          return chunks.filter((chunk) => !chunk.usage)
        },
        end: () => {
          own.end?.()
          return held.map((chunk) => ({ ...chunk, usage: { ...chunk.usage, prompt_tokens: total } }))
        },
      }
    })
    const failed = await failures(adds, fixtures)
    expect([...failed.keys()]).toEqual([usage])
    expect(failed.get(usage)).toContain('twice: the usage is [{')
  })

  test('gives its usage twice fails', async () => {
    const again = withDecoder((own, call) => ({
      ...own,
      event: (event: SseEvent) =>
        event.data.includes('"tokens"') ? toyChat.stream?.(call).event(event) : own.event(event),
      end: () => [],
    }))
    expect((await failures(again, fixtures)).get(usage)).toContain('twice: the usage is [{')
  })
})

/** A vendor that speaks the format; its decoder begins with an event that says nothing. */
const beginning = (start: (begun: boolean) => object): ReturnType<typeof withDecoder> =>
  withDecoder((own, { id, created, model }) => {
    let begun = false
    return {
      ...own,
      event: (event: SseEvent) => {
        if (event.event !== 'start') {
          return own.event(event).map((chunk) => ({
            ...chunk,
            choices: chunk.choices.map((choice) => ({ ...choice, delta: without(choice.delta) })),
          }))
        }
        const delta = start(begun)
        begun = true
        const choices = [{ index: 0, delta, finish_reason: null }]
        return [{ id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created, model, choices }]
      },
    }
  })

function without({ role: _role, ...delta }: { role?: string }): object {
  return delta
}

function started(fixture: FixtureCase): FixtureCase {
  if (fixture.name !== 'stream' || fixture.upstream === undefined) return fixture
  const text = `event: start\ndata: {"start":true}\n\n${fixture.upstream.text}`
  return { ...fixture, upstream: { ...fixture.upstream, text } }
}

test('a plugin that repeats the role when the stream begins twice fails', async () => {
  const check = 'a first event without content that comes twice changes nothing'
  const withStart: Fixtures = { ...fixtures, cases: fixtures.cases.map(started) }
  const role = { role: 'assistant', content: '' }
  const once = beginning((begun) => (begun ? {} : role))
  expect((await failures(once, withStart)).get(check)).toBeUndefined()
  const twice = beginning(() => role)
  expect((await failures(twice, withStart)).get(check)).toContain('2 role deltas instead of one')
})

const relay = definePlugin({
  type: 'relay',
  options: z.strictObject({ base_url: z.string() }),
  create: ({ base_url }) => openaiCompatible({ baseUrl: base_url, operations: ['chat'] }),
})

const head = '"id":"c","object":"chat.completion.chunk","created":1,"model":"m"'
const relayed: FixtureCase = {
  name: 'relayed',
  operation: 'chat',
  options: { base_url: 'http://relay.invalid/v1' },
  model: 'm',
  stream: true,
  headers: {},
  dropped: [],
  request: { model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
  upstream: {
    status: 200,
    headers: { 'content-type': 'text/event-stream' },
    text: [
      `{${head},"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`,
      `{${head},"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}`,
      `{${head},"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
      '[DONE]',
    ]
      .map((data) => `data: ${data}\n\n`)
      .join(''),
    sse: true,
  },
}

/** A gateway that answers with what the upstream sent, changed. */
function gatewayThat(change: (text: string) => { status: number; text: string }): CreateGateway {
  return (config) => {
    const [{ base_url: url }] = (config as { providers: [{ base_url: string }] }).providers
    return Promise.resolve({
      respond: async () => {
        const answer = await fetch(`${url}/x`, { method: 'POST', body: '{}' })
        const { status, text } = change(await answer.text())
        return { status, text: () => Promise.resolve(text) }
      },
      close: () => Promise.resolve(),
    })
  }
}

describe('a gateway that', () => {
  const relayFixtures: Fixtures = { options: { valid: [relayed.options] }, cases: [relayed], files: [] }
  const lines =
    'through a gateway a stream arrives alike however its lines are written, and without its last ones'
  const begins = 'through a gateway the first event of a relayed stream may come twice'
  const huge = 'through a gateway an event above 16 MiB is refused, and the gateway goes on'

  test('reads every spelling passes', async () => {
    const failed = await failures(relay, relayFixtures, createGateway)
    for (const check of [lines, begins, huge]) expect(failed.get(check)).toBeUndefined()
    const translated = await failures(toy, fixtures, createGateway)
    expect([...translated.keys()]).toEqual([])
  })

  test('hands on bytes as they come fails for each spelling that it does not know', async () => {
    const failed = await failures(
      relay,
      relayFixtures,
      gatewayThat((text) => ({ status: 200, text: text.replaceAll('\r', '') })),
    )
    expect(failed.get(lines)).toContain('CR line ends: ')
    expect(failed.get(lines)).toContain('no [DONE]: the stream does not end with one [DONE]')
    expect(failed.get(lines)).not.toContain('CRLF line ends: ')
    expect(failed.get(begins)).toContain('relayed: $[0][1].roles: expected 1, found 2')
    expect(failed.get(huge)).toContain('relayed: status 200 for a failure')
  })
})
