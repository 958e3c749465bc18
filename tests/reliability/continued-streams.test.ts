import * as fc from 'fast-check'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { strictReading } from '../support/strict-reader.ts'
import { chat } from './support/client.ts'
import { messagesModel, openaiModel, prefillOf, type Script } from './support/continuing-upstream.ts'
import { fakeUpstream, type FakeUpstream, until } from './support/fake-upstream.ts'
import { pair, provider, type Proxy, startProxy } from './support/proxy.ts'

const pieces = [
  'Once',
  ' upon',
  ' a',
  ' time,',
  ' in',
  ' a',
  ' land',
  ' far',
  ' away',
  '.',
  '\n\n',
  'The end',
]
const text = pieces.join('')

const continuing = { supports: { continuation: true } }
const wires = {
  relay: {
    model: openaiModel,
    entry: (name: string, url: string) => provider(name, url, continuing),
    // The role, the text, the finish: what comes behind it is no longer missed.
    events: pieces.length + 2,
  },
  translate: {
    model: messagesModel,
    entry: (name: string, url: string) =>
      provider(name, url, { type: 'anthropic', base_url: url, operations: undefined }),
    events: pieces.length + 4,
  },
} as const
type Wire = keyof typeof wires

interface Pair extends Proxy {
  readonly first: FakeUpstream
  readonly second: FakeUpstream
}

/** A gateway that continues streams, before two upstreams. */
async function between(
  [first, second]: readonly [Wire, Wire],
  cut: (turn: number) => Script,
  whole: (turn: number) => Script = () => ({ pieces }),
): Promise<Pair> {
  const one = await fakeUpstream(wires[first].model(cut))
  const other = await fakeUpstream(wires[second].model(whole))
  const providers = pair(wires[first].entry('one', one.url), wires[second].entry('other', other.url))
  const limits = { stream_continuation: true, circuit_breaker_threshold: 1_000_000 }
  return Object.assign(await startProxy({ ...limits, providers }), { first: one, second: other })
}

describe.each([
  ['relay', 'relay'],
  ['relay', 'translate'],
  ['translate', 'relay'],
] as const)('from %s to %s', (first, second) => {
  test('a stream that is cut behind any of its events is one stream for the client', async () => {
    const proxy = await between([first, second], (turn) => ({ pieces, cutAfter: turn + 1 }))
    const { events } = wires[first]
    for (let turn = 1; turn < events; turn++) {
      const reply = await chat(proxy.url, { stream: true, stream_options: { include_usage: true } })
      expect(reply).toMatchObject({ status: 200, headers: { 'x-llmproxy-provider': expect.any(String) } })
      expect(strictReading(reply.text), `cut behind ${turn}`).toMatchObject({ text, finish: 'stop' })
    }
    expect(proxy.first.requests).toHaveLength(events - 1)
    expect(proxy.second.requests).toHaveLength(events - 1)
    await until(() => proxy.requests.length === events - 1)
    for (const { ending, attempts, faults } of proxy.requests)
      expect({ ending, attempts, faults }).toMatchObject({
        ending: 'complete',
        attempts: 2,
        faults: [{ provider: 'one' }],
      })
    const continued = proxy.requests.filter(({ continuation }) => continuation === 'complete')
    // What was cut before any event reached the client fell back, as ever.
    expect(continued.length).toBeGreaterThanOrEqual(pieces.length)
    // The vendor refuses white space at the end, and is asked to go on from the last word before it.
    expect(prefillOf(proxy.second.requests.at(-1)!)).toBe(text)
  })

  test('whatever the text and the pieces, and wherever it is cut, no character is lost or doubled', async () => {
    let now: readonly Script[] = []
    const proxy = await between(
      [first, second],
      () => now[0]!,
      () => now[1]!,
    )
    const words = fc.constantFrom(
      'a',
      ' ',
      '\n',
      '\t',
      '世',
      '😀',
      '\u00a0',
      'e\u0301',
      '"\\',
      '\u2028',
      '👩‍👧',
    )
    const texts = fc.array(words, { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''))
    const cuts = fc.array(fc.nat(), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(texts, cuts, cuts, fc.nat(), async (answer, ours, theirs, at) => {
        const shown = piecesOf(answer, ours)
        now = [
          { pieces: shown, cutAfter: 1 + (at % (shown.length + 1)) },
          { pieces: piecesOf(answer, theirs) },
        ]
        const { text } = await chat(proxy.url, { stream: true })
        expect(strictReading(text)).toMatchObject({ text: answer, finish: 'stop' })
      }),
      { numRuns: 120 },
    )
  })
})

/** The text in pieces that end anywhere but in the middle of a character. */
function piecesOf(text: string, cuts: readonly number[]): string[] {
  const characters = Array.from(text)
  const bounds = [
    0,
    ...cuts.map((cut) => cut % characters.length).toSorted((a, b) => a - b),
    characters.length,
  ]
  return bounds
    .slice(1)
    .map((end, at) => characters.slice(bounds[at], end).join(''))
    .filter((piece) => piece !== '')
}

test('a character that is cut into two deltas is whole again when the rest comes from elsewhere', async () => {
  const halves = ['Oh \ud83d', '\ude00!']
  const proxy = await between(
    ['relay', 'relay'],
    () => ({ pieces: halves, cutAfter: 2 }),
    () => ({ pieces: ['Oh ', '😀', '!'] }),
  )
  const { text } = await chat(proxy.url, { stream: true })
  expect(strictReading(text).text).toBe('Oh 😀!')
  expect(prefillOf(await proxy.second.request(0))).toBe('Oh')
})

test('the official client reads one stream', async () => {
  const proxy = await between(['translate', 'relay'], () => ({ pieces, cutAfter: 8 }))
  const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: 'client-key', maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const stream = client.chat.completions.stream({ model: 'm', messages })
  const { id, choices } = await stream.finalChatCompletion()
  expect(id).not.toBe('')
  expect(choices[0]).toMatchObject({
    finish_reason: 'stop',
    message: { role: 'assistant', content: text },
  })
})

test('what is cut again is continued again, with all that was said, by whoever can', async () => {
  const proxy = await between(
    ['relay', 'relay'],
    (turn) => ({ pieces, cutAfter: turn === 0 ? 4 : undefined }),
    () => ({ pieces, cutAfter: 3 }),
  )
  const { text: stream } = await chat(proxy.url, { stream: true })
  expect(strictReading(stream)).toMatchObject({ text, finish: 'stop' })
  expect(prefillOf(proxy.second.requests[0]!)).toBe('Once upon a')
  expect(prefillOf(proxy.first.requests[1]!)).toBe('Once upon a time, in')
  expect(await until(() => proxy.requests[0])).toMatchObject({
    ending: 'complete',
    attempts: 3,
    continuation: 'complete',
  })
})

test('the only provider continues its own stream', async () => {
  const only = await fakeUpstream(openaiModel((turn) => ({ pieces, cutAfter: turn === 0 ? 4 : undefined })))
  const proxy = await startProxy({
    stream_continuation: true,
    providers: [provider('only', only.url, continuing)],
  })
  const { text: stream } = await chat(proxy.url, { stream: true })
  expect(strictReading(stream)).toMatchObject({ text, finish: 'stop' })
  expect(await until(() => proxy.requests[0])).toMatchObject({
    attempts: 2,
    provider: 'only',
    continuation: 'complete',
  })
})

test('the mock can be cut once and goes on with its own text', async () => {
  const models = [{ id: 'm', upstream: 'mock-chunks-12-flaky-1-cut-after-3' }]
  const proxy = await startProxy({
    stream_continuation: true,
    providers: [{ name: 'mock', type: 'mock', models }],
  })
  const { text: stream } = await chat(proxy.url, { stream: true })
  const words = Array.from({ length: 12 }, (_, at) => `w${at + 1} `).join('')
  expect(strictReading(stream)).toMatchObject({ text: words, finish: 'stop' })
  expect(await until(() => proxy.requests[0])).toMatchObject({ attempts: 2, continuation: 'complete' })
})
