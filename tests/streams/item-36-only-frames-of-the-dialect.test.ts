import * as fc from 'fast-check'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chat, chatHead, delta, done, finish, frame, role, say, usage } from '../support/chat-frames.ts'
import { type PiecesGateway, piecesGateway } from '../support/pieces.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { aiSdkReading } from '../support/sdk-readers.ts'
import { anthropicWire, compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'

/** What gateways and vendors are known to put between the frames of an answer. */
const foreign: Readonly<Record<string, string>> = {
  'a warning': frame({ warning: 'slow today' }),
  'no choices': frame({ ...chatHead }),
  'choices null': frame({ ...chatHead, choices: null }),
  'choices that are no list': frame({ ...chatHead, choices: { 0: {} } }),
  'choices of null': frame({ ...chatHead, choices: [null] }),
  'telemetry without an id': frame({ object: 'telemetry', cost: 0.1 }),
  'another object': frame({ ...chatHead, object: 'chat.completion.meta', choices: [] }),
  'an empty object': frame({}),
  'a list': frame([]),
  'content filter results': frame({
    ...chatHead,
    id: '',
    model: '',
    created: 0,
    choices: [],
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }],
  }),
  'a filter choice without delta': frame({
    ...chatHead,
    choices: [{ index: 0, finish_reason: null, content_filter_results: {}, content_filter_offsets: {} }],
  }),
  'early usage': usage(9, 1),
  'an event of another dialect': `event: ping\n${frame({ type: 'ping' })}`,
  'another id': frame({
    ...chatHead,
    id: 'chatcmpl-other',
    choices: [{ index: 0, delta: {}, finish_reason: null }],
  }),
  'another model': frame({
    ...chatHead,
    model: 'other',
    choices: [{ index: 0, delta: {}, finish_reason: null }],
  }),
  'a delta of null': frame({ ...chatHead, choices: [{ index: 0, delta: null, finish_reason: null }] }),
  'content null': delta({ content: null }),
  'the role again': delta({ role: 'assistant' }),
  'a role of null': delta({ role: null }),
  'tool calls null': delta({ tool_calls: null }),
  'no tool calls': delta({ tool_calls: [] }),
  'a comment': ': telemetry {"cost":1}\n\n',
}

const fatal = new Set(['a list'])
const answer = [role, say('Once'), say(' upon'), finish(), usage(), done]

let pieces: PiecesGateway
beforeAll(async () => {
  pieces = await piecesGateway('openai')
})
afterAll(() => pieces[Symbol.asyncDispose]())

describe.each(Object.entries(foreign))('%s', (name, bytes) => {
  test('between the frames of an answer is mended, left out, or an error that is one', async () => {
    await using upstream = await startRawUpstream(() => ({
      steps: answer.flatMap((frame) => (frame === done ? [frame] : [frame, bytes])),
    }))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const url = `${gateway.url}/v1/chat/completions`
    for (const members of [{}, { stream_options: { include_usage: true } }]) {
      const { text } = await post(url, chat('mock-any', members))
      const { error } = readStrictly(text)
      expect(error !== undefined).toBe(fatal.has(name))
    }
    const read = await aiSdkReading(gateway.url, 'mock-any', fetch).catch(() => 'an error')
    expect(read).toEqual(
      fatal.has(name) ? 'an error' : { text: 'Once upon', reasoning: '', toolCalls: [], finish: 'stop' },
    )
  })
})

test('any of them anywhere, in any number, leave a valid stream with the whole text', async () => {
  const junk = Object.entries(foreign).flatMap(([name, bytes]) => (fatal.has(name) ? [] : [bytes]))
  const places = fc.array(fc.tuple(fc.nat(answer.length - 1), fc.constantFrom(...junk)), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(places, async (places) => {
      const frames = answer.map((frame, at) => [
        ...places.flatMap(([place, bytes]) => (place === at ? [bytes] : [])),
        frame,
      ])
      const { text } = await pieces.stream([Buffer.from(frames.flat().join(''))])
      expect(strictReading(text)).toMatchObject({ text: 'Once upon', finish: 'stop' })
    }),
    { numRuns: 300 },
  )
})

test.each([
  { when: 'never', frames: [say('Once'), say(' upon'), finish(), done] },
  { when: 'late', frames: [say('Once'), delta({ role: 'assistant', content: ' upon' }), finish(), done] },
  { when: 'in every delta', frames: [role, role, say('Once'), role, say(' upon'), finish(), done] },
  { when: 'as null', frames: [delta({ role: null, content: 'Once' }), say(' upon'), finish(), done] },
])(
  'an upstream that sends the role $when is read by the SDK helper that insists on one',
  async ({ frames }) => {
    await using upstream = await startRawUpstream(() => ({ steps: frames }))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key' })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const stream = client.chat.completions.stream({ model: 'mock-any', messages })
    const { choices } = await stream.finalChatCompletion()
    expect(choices[0]!.message).toMatchObject({ role: 'assistant', content: 'Once upon' })
    const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
    readStrictly(text)
  },
)

test.each([
  'mock-fixed',
  'mock-long-3000',
  'mock-tools-3',
  'mock-tool-noargs',
  'mock-reasoning',
  'mock-refusal',
  'mock-finish-length',
  'mock-finish-filter',
  'mock-no-usage',
  'mock-json',
])('every frame of %s is valid over both wires, with and without usage', async (model) => {
  await using gateway = await start({
    config: ([url = '']) => ({ providers: [compatible(url), anthropicWire(url, { priority: 2 })] }),
  })
  for (const provider of ['compatible', 'anthropic-wire']) {
    for (const members of [{}, { stream_options: { include_usage: true } }]) {
      const { text } = await post(`${gateway.url}/v1/chat/completions`, chat(`${provider}/${model}`, members))
      expect(readStrictly(text).error).toBeUndefined()
    }
  }
})
