import type { ChatChunk, ToolCallDelta } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { faultOf, messageEvents, sampleCall, streamed } from '../test/subject.ts'
import { messageDecoder } from './stream.ts'

const deltas = (chunks: readonly ChatChunk[]): object[] =>
  chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta))
const start = (index: number, block: object): object => ({
  type: 'content_block_start',
  index,
  content_block: block,
})
const delta = (index: number, value: object): object => ({ type: 'content_block_delta', index, delta: value })
const stop = (index: number): object => ({ type: 'content_block_stop', index })
const begin = (message: object): object => ({ type: 'message_start', message: { id: 'msg_1', ...message } })

/** Takes from several lists in a given order, each list in its own order. */
function interleaved(lists: readonly object[][], order: readonly number[]): object[] {
  const rest = lists.map((list) => [...list])
  const taken = order.flatMap((choice) => rest[choice % rest.length]?.splice(0, 1) ?? [])
  return [...taken, ...rest.flat()]
}

const called = fc.record({
  name: fc.constantFrom('f', 'g'),
  // Without backslashes: this Node's JSON.parse misreads some keys that follow one with a backslash.
  input: fc.dictionary(
    fc.string({ maxLength: 4 }).filter((key) => !key.includes('\\')),
    fc.oneof(fc.string({ maxLength: 6 }), fc.integer()),
    {
      maxKeys: 3,
    },
  ),
  cuts: fc.array(fc.nat(40), { maxLength: 4 }),
})

test('parallel calls come out whole, however they are cut and interleaved', () => {
  const property = fc.property(
    fc.array(called, { minLength: 1, maxLength: 4 }),
    fc.array(fc.nat(3)),
    (calls, order) => {
      const blocks = calls.map(({ name, input, cuts }, index) => {
        const text = JSON.stringify(input)
        const places = [0, ...cuts.map((cut) => cut % text.length).toSorted((a, b) => a - b), text.length]
        const parts = places.slice(1).map((place, part) => text.slice(places[part], place))
        return parts
          .map((part) => delta(index, { type: 'input_json_delta', partial_json: part }))
          .concat(stop(index))
          .toSpliced(0, 0, start(index, { type: 'tool_use', id: `toolu_${index}`, name, input: {} }))
      })
      const starts = blocks.flatMap((block) => block.slice(0, 1))
      const events = [
        ...starts,
        ...interleaved(
          blocks.map((block) => block.slice(1)),
          order,
        ),
      ]
      const found = deltas(streamed(messageEvents(events, 'tool_use'))).flatMap(
        (one) => (one as { tool_calls?: ToolCallDelta[] }).tool_calls ?? [],
      )
      const whole = calls.map((_, index) => {
        const own = found.filter((one) => one.index === index)
        const input: unknown = JSON.parse(own.map((one) => one.function?.arguments ?? '').join(''))
        return { id: own[0]?.id, name: own[0]?.function?.name, input }
      })
      expect(whole).toEqual(
        calls.map(({ name, input }, index) => ({ id: `toolu_${index}`, name, input: { ...input } })),
      )
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test.each([
  ['a second message inside a stream', [begin({}), begin({ id: 'msg_2' })]],
  ['a second message behind a stream', [...messageEvents([]), begin({ id: 'msg_2' })]],
  ['content before the message', [delta(0, { type: 'text_delta', text: 'x' })]],
  ['a message that is missing', [{ type: 'message_start' }]],
  ['a block that is missing', [begin({}), { type: 'content_block_start', index: 0 }]],
  ['a tool without name', [begin({}), start(0, { type: 'tool_use' })]],
  ['a delta that is missing', [begin({}), { type: 'content_block_delta', index: 0 }]],
  ['an early end', messageEvents([]).slice(0, -1)],
  ['no event at all', []],
])('%s is a bad response, never a merged or invented answer', (_, events) => {
  expect(faultOf(() => streamed(events)).kind).toBe('bad_response')
})

test.each(['nonsense', '[1]', 'null'])('the event %s is a bad response', (data) => {
  expect(faultOf(() => messageDecoder(sampleCall()).event({ data })).kind).toBe('bad_response')
})

test.each([
  [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'overloaded'],
  [{ type: 'error', error: { type: 'something_new', message: 'x' } }, 'upstream'],
  [{ type: 'error', error: 'text' }, 'upstream'],
  [{ error: { message: 'x', type: 'rate_limit_exceeded' } }, 'rate_limit'],
])('the error %o is a fault of kind %s, first or later', (event, kind) => {
  expect(faultOf(() => streamed([event])).kind).toBe(kind)
  expect(faultOf(() => streamed([begin({}), event])).kind).toBe(kind)
})

test('the event name counts when the data has no type', () => {
  const decoder = messageDecoder(sampleCall())
  const data = JSON.stringify({ error: { type: 'overloaded_error', message: 'x' } })
  expect(faultOf(() => decoder.event({ event: 'error', data })).kind).toBe('overloaded')
})

test('a marker of other servers and unknown events, blocks and deltas are ignored', () => {
  const decoder = messageDecoder(sampleCall())
  const odd = [
    start(0, { type: 'future' }),
    delta(0, { type: 'future_delta' }),
    stop(0),
    { type: 'future' },
    stop(7),
  ]
  const chunks = messageEvents(odd).flatMap((event) => decoder.event({ data: JSON.stringify(event) }))
  expect(decoder.event({ data: '[DONE]' })).toEqual([])
  expect(decoder.end?.()).toEqual([])
  expect(deltas(chunks)).toEqual([{ role: 'assistant', content: '' }, {}])
})

test('a message that comes complete with its start is streamed complete', () => {
  const content = [
    { type: 'thinking', thinking: 'Hm', signature: 's' },
    { type: 'text', text: 'Hi' },
    { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
  ]
  const chunks = streamed([begin({ content, stop_reason: 'tool_use' }), { type: 'message_stop' }])
  expect(deltas(chunks)).toEqual([
    { role: 'assistant', content: '' },
    { reasoning_content: 'Hm' },
    { content: 'Hi' },
    { tool_calls: [{ index: 0, id: 'toolu_1', type: 'function', function: { name: 'f', arguments: '' } }] },
    { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] },
    { thinking_blocks: [content[0]] },
    {},
  ])
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls')
})

test('a block that never stops is completed by the end of the message', () => {
  const events = messageEvents([start(0, { type: 'tool_use', id: 't', name: 'f', input: {} })], 'tool_use')
  expect(deltas(streamed(events)).at(-2)).toEqual({
    tool_calls: [{ index: 0, function: { arguments: '{}' } }],
  })
})

test('a thinking block that has only a signature is replayable too', () => {
  const signed = delta(0, { type: 'signature_delta', signature: 's' })
  const events = messageEvents([start(0, { type: 'thinking', thinking: '', signature: '' }), signed, stop(0)])
  expect(deltas(streamed(events)).at(-2)).toEqual({
    thinking_blocks: [{ type: 'thinking', thinking: '', signature: 's' }],
  })
})

test('usage is the last chunk, and there is none when the vendor told nothing', () => {
  const told = streamed(messageEvents([]))
  expect(told.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 9 } })
  const untold = streamed([begin({}), { type: 'message_stop' }])
  expect(untold.every(({ usage }) => usage === undefined)).toBe(true)
})

test('a block that begins where another one is open ends that one', () => {
  const use = (id: string): object => start(0, { type: 'tool_use', id, name: 'f', input: {} })
  const events = messageEvents([use('t'), use('u'), stop(0)], 'tool_use')
  const calls = deltas(streamed(events)).flatMap(
    (value) => (value as { tool_calls?: ToolCallDelta[] }).tool_calls ?? [],
  )
  const argumentsOf = (index: number): string =>
    calls
      .filter((call) => call.index === index)
      .map((call) => call.function?.arguments)
      .join('')
  expect([argumentsOf(0), argumentsOf(1)]).toEqual(['{}', '{}'])
})

test('a message without an id or a model has those of the call', () => {
  const [first] = streamed([begin({ id: '', model: '' }), { type: 'message_stop' }])
  expect(first).toMatchObject({ id: 'chatcmpl-test', model: 'claude-sonnet-4-5' })
})
