import { scenarios } from '@llmproxy/provider-mock/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chat } from '../support/chat-frames.ts'
import { continueReading, openWebUiReading } from '../support/line-readers.ts'
import type { Reading } from '../support/reading.ts'
import { aiSdkReading, langchainReading, openaiReading, type SdkReader } from '../support/sdk-readers.ts'
import { type Started, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'
import { tapFetch } from '../support/tapped-fetch.ts'

const hello: Reading = { text: 'Hello world', reasoning: '', toolCalls: [], finish: 'stop' }
const wide: Reading = { ...hello, text: 'Grüße, 世界 👩‍👩‍👧' }
const thoughtful: Reading = { ...hello, reasoning: 'Let me think.' }
const twoCalls: Reading = {
  text: '',
  reasoning: '',
  toolCalls: [
    { name: 'get_weather', arguments: '{"city":"Rome"}' },
    { name: 'get_time', arguments: '{"zone":"CET"}' },
  ],
  finish: 'tool_calls',
}
const emptyCall: Reading = { ...twoCalls, toolCalls: [{ name: 'get_time', arguments: '{}' }] }

interface Failure {
  readonly error: unknown
}

function failure(message: RegExp): Failure {
  return { error: expect.stringMatching(message) }
}

/** What every client gets through the gateway: the whole answer, or an error. */
const expected: Readonly<Record<string, Reading | Failure>> = {
  ok: hello,
  'no-done': hello,
  'no-finish': hello,
  cut: failure(/upstream/),
  'clean-end': failure(/upstream closed its stream/),
  'error-data': failure(/the mock failed on purpose/),
  'error-event': failure(/the mock failed on purpose/),
  'error-empty-choices': failure(/the mock failed on purpose/),
  'double-done': hello,
  'double-finish': hello,
  'done-stays-open': hello,
  'no-choices-usage': hello,
  'foreign-object': hello,
  'empty-choices': hello,
  'empty-choices-filter': hello,
  'no-delta': hello,
  'usage-null': hello,
  'usage-every-chunk': hello,
  'finish-empty': hello,
  'finish-unknown': hello,
  'reasoning-content': thoughtful,
  reasoning: thoughtful,
  comments: hello,
  'comment-as-data': hello,
  crlf: hello,
  'no-space': hello,
  bom: hello,
  'multiline-data': hello,
  'utf8-split': wide,
  'tools-normal': twoCalls,
  'tools-no-id': twoCalls,
  'tools-no-index': twoCalls,
  'tools-null-name': twoCalls,
  'tools-repeated-id': twoCalls,
  'tools-empty-args': emptyCall,
  'tools-all-index-0': twoCalls,
  'tools-first-index-1': twoCalls,
  'tools-finish-stop': twoCalls,
}

const sdks: Readonly<Record<string, SdkReader>> = {
  'the openai SDK': openaiReading,
  LangChain: langchainReading,
  'the AI SDK': aiSdkReading,
}

const textReaders: Readonly<Record<string, (text: string) => Reading>> = {
  'the strict reader': strictReading,
  Continue: continueReading,
  'Open WebUI': openWebUiReading,
}

/** Milliseconds; one scenario keeps its connection open for twice as long. */
const noHang = 5_000

/** Scenarios whose own bytes are not what leaves the gateway. */
const mended =
  `no-done no-finish clean-end error-event double-done double-finish no-choices-usage foreign-object no-delta
  usage-every-chunk finish-empty finish-unknown comments comment-as-data crlf no-space bom multiline-data tools-no-id
  tools-no-index tools-null-name tools-all-index-0 tools-first-index-1 tools-empty-args`.split(/\s+/)

let gateway: Started
beforeAll(async () => {
  gateway = await start()
})
afterAll(() => gateway.close())

test('the table has every scenario of the mock, and no other', () => {
  expect(Object.keys(expected).sort()).toEqual(scenarios.map((scenario) => scenario.name).sort())
})

const decided = scenarios.filter(({ ending }) => ending !== 'either')

test.each(decided.map(({ name, ending }) => ({ name, ending })))(
  'the table gives scenario $name the ending that the mock documents: $ending',
  ({ name, ending }) => {
    expect('error' in expected[name]!).toBe(ending === 'error')
  },
)

test.each(mended)('without the gateway the strict reader refuses scenario %s', async (name) => {
  const { url } = gateway.upstreams[0]!
  const { text } = await post(`${url}/v1/chat/completions`, chat(`mock-scenario-${name}`))
  expect(() => readStrictly(text)).toThrow()
})

describe.each(Object.entries(expected))('scenario %s', (name, reading) => {
  const model = `mock-scenario-${name}`

  test.each(Object.entries(sdks))(
    'reads right in %s, and all its frames are valid',
    async (_, read) => {
      const { fetch, answers } = tapFetch()
      expect(await settled(read(gateway.url, model, fetch))).toEqual(reading)
      expect(answers).toHaveLength(1)
      readStrictly((await answers[0]!).text)
    },
    noHang,
  )

  test.each(Object.entries(textReaders))(
    'reads right by the rules of %s',
    async (_, read) => {
      const { text, complete } = await post(`${gateway.url}/v1/chat/completions`, chat(model))
      expect(complete).toBe(true)
      expect(await settled((async () => read(text))())).toEqual(reading)
    },
    noHang,
  )
})

function settled(reading: Promise<Reading>): Promise<Reading | Failure> {
  return reading.catch((error: unknown) => ({ error: (error as Error).message }))
}
