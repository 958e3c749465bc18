import * as fc from 'fast-check'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chat, delta, done, finish, frame, role, say } from '../support/chat-frames.ts'
import { type PiecesGateway, piecesGateway } from '../support/pieces.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { strictReading } from '../support/strict-reader.ts'
import { anthropicToolStream } from '../support/streamed-tools.ts'

const wide = ['Grüße, ', '世界', ' 👩‍👩‍👧‍👦', '🇯🇵 \u0000\u2028', 'e\u0301\uFFFE', '"\\ \n']
const text = wide.join('')
const plain = [role, ...wide.map(say), finish(), done].join('')
const inBytes = (text: string): Buffer => Buffer.from(text, 'utf8')

const openaiStreams: Readonly<Record<string, string>> = {
  'plain frames': plain,
  'CR LF': plain.replaceAll('\n', '\r\n'),
  CR: plain.replaceAll('\n', '\r'),
  'a byte order mark': `\uFEFF${plain}`,
  comments: plain.replaceAll('data: ', ': 世界 👩‍👩‍👧\n\ndata: '),
  'no space behind the colon': plain.replaceAll('data: ', 'data:'),
  'JSON over several lines': plain.replaceAll(',"choices"', ',\ndata: "choices"'),
  'other fields': plain.replaceAll('data: ', 'id: 7\nretry: 10\nevent: message\ndata: '),
  'no blank line at the end': plain.slice(0, -2),
}

const anthropicStream = anthropicToolStream(
  [
    { name: 'one', arguments: { text }, pieces: [JSON.stringify({ text })] },
    { name: 'two', arguments: {}, pieces: ['{', '}'] },
  ],
  [0, 1],
).join('')

let openai: PiecesGateway
let anthropic: PiecesGateway
beforeAll(async () => {
  openai = await piecesGateway('openai', { event_limit: 100_000 })
  anthropic = await piecesGateway('anthropic')
})
afterAll(async () => {
  await openai[Symbol.asyncDispose]()
  await anthropic[Symbol.asyncDispose]()
})

describe('a stream that is cut at any byte is the same stream', () => {
  test.each(Object.entries(openaiStreams))('relayed, with %s', async (_, stream) => {
    const bytes = inBytes(stream)
    const whole = await openai.stream([bytes])
    expect(strictReading(whole.text).text).toBe(text)
    await expectSameAtEveryCut(openai, bytes, whole.text)
  })

  test('translated', async () => {
    const bytes = inBytes(anthropicStream)
    const whole = await anthropic.stream([bytes])
    const { toolCalls } = strictReading(whole.text)
    expect(toolCalls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([{ text }, {}])
    await expectSameAtEveryCut(anthropic, bytes, whole.text)
    await expectSameAtEveryCut(anthropic, inBytes(anthropicStream.replaceAll('\n', '\r\n')), whole.text)
  })
})

async function expectSameAtEveryCut(from: PiecesGateway, bytes: Buffer, whole: string): Promise<void> {
  for (let at = 1; at < bytes.length; at++) {
    const cut = await from.stream([bytes.subarray(0, at), bytes.subarray(at)])
    // Compared only by its place when it is right: a thousand comparisons of whole texts are slow.
    expect(cut.text === whole ? at : { at, text: cut.text }).toBe(at)
  }
  const single = await from.stream(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))
  expect(single.text).toBe(whole)
}

test('every byte as a write of its own over a socket is the same stream', async () => {
  await using upstream = await startRawUpstream(() => ({
    steps: Array.from(inBytes(plain), (byte) => Uint8Array.of(byte)),
  }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(strictReading(answer.text).text).toBe(text)
})

const recorded = new URL('../../../shared/recorded/', import.meta.url)
const present = existsSync(recorded)
if (!present) console.log('recorded streams are not there (../shared/recorded): cutting them is skipped')

describe.skipIf(!present)('recorded streams', () => {
  test.each([
    'openai/openai-text',
    'groq/groq-tool-call',
    'deepseek/deepseek-tool-call',
    'mistral/mistral-text',
    'perplexity/perplexity-citations',
    'xai/xai-tool-call',
  ])('%s is the same stream byte by byte, and in any pieces', async (name) => {
    const lines = readFileSync(new URL(`${name}.chunks.txt`, recorded), 'utf8')
      .split('\n')
      .filter(Boolean)
    const bytes = inBytes([...lines.map((line) => `data: ${line}\n\n`), done].join(''))
    const whole = await openai.stream([bytes])
    expect(strictReading(whole.text).finish).toMatch(/^(?:stop|tool_calls|length)$/)
    const single = await openai.stream(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)))
    expect(single.text).toBe(whole.text)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 40 }), async (cuts) => {
        const bounds = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const pieces = bounds.slice(1).map((end, at) => bytes.subarray(bounds[at], end))
        expect((await openai.stream(pieces)).text).toBe(whole.text)
      }),
      { numRuns: 40 },
    )
  })
})

test('random bytes instead of a stream are an error, never a hang', async () => {
  const lineEnds = fc
    .constantFrom('\n', '\r', '\n\n', '\r\n', 'data: ', 'data: {', '}', ':', '\uFEFF')
    .map(inBytes)
  const noise = fc.array(fc.oneof(fc.uint8Array({ maxLength: 50 }), lineEnds), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(noise, async (pieces) => {
      const { status, text } = await openai.stream(pieces)
      expect(status).toBeGreaterThanOrEqual(500)
      expect(JSON.parse(text)).toHaveProperty('error.message')
    }),
    { numRuns: 200 },
  )
})

test('one event above the limit is an error, before and after the first frame', async () => {
  await using small = await piecesGateway('openai', { event_limit: 10_000 })
  const endless = Array.from({ length: 100 }, () => inBytes('x'.repeat(1000)))
  const first = await small.stream([inBytes('data: {"'), ...endless])
  expect(first.status).toBe(502)
  expect(JSON.parse(first.text)).toHaveProperty('error.message')
  const later = await small.stream([inBytes(role + say('Once')), inBytes('data: {"'), ...endless])
  expect(() => strictReading(later.text)).toThrow(/10000|limit|large/)
})

test('a large event within the limit passes whole', async () => {
  const long = '世'.repeat(20_000)
  const bytes = inBytes([role, delta({ content: long }), finish(), frame({ choices: [] }), done].join(''))
  const pieces = Array.from({ length: Math.ceil(bytes.length / 1000) }, (_, at) =>
    bytes.subarray(at * 1000, at * 1000 + 1000),
  )
  expect(strictReading((await openai.stream(pieces)).text).text).toBe(long)
})
