import type { ChatChunk, SseEvent } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { faultOf, sampleCall } from '../test/subject.ts'
import { completionOf } from './response.ts'
import { converseDecoder } from './stream.ts'

const event = (name: string, payload: object): SseEvent => ({ event: name, data: JSON.stringify(payload) })
const delta = (contentBlockIndex: number, given: object) =>
  event('contentBlockDelta', { contentBlockIndex, delta: given })
const begin = (contentBlockIndex: number, toolUse: object) =>
  event('contentBlockStart', { contentBlockIndex, start: { toolUse } })
const stop = event('messageStop', { stopReason: 'tool_use' })

function streamed(events: readonly SseEvent[], body: Readonly<Record<string, unknown>> = {}): ChatChunk[] {
  const decoder = converseDecoder(sampleCall({ stream: true, ...body }))
  return [...events.flatMap((one) => decoder.event(one)), ...(decoder.end?.() ?? [])]
}

const deltas = (chunks: readonly ChatChunk[]) =>
  chunks.flatMap(({ choices }) => choices.map((choice) => choice.delta))

describe('a stream', () => {
  test.each([
    ['payloads that are no JSON', [{ event: 'contentBlockDelta', data: 'x' }]],
    ['payloads that are no object', [{ event: 'messageStop', data: '[1]' }]],
    ['a tool without its name', [begin(0, {})]],
    ['a delta without anything', [event('contentBlockDelta', { contentBlockIndex: 0 })]],
    ['arguments of no tool', [delta(0, { toolUse: { input: '{' } })]],
    [
      'arguments of a block of reasoning',
      [delta(0, { reasoningContent: { text: 'x' } }), delta(0, { toolUse: {} })],
    ],
    ['no end', [delta(0, { text: 'x' })]],
    ['nothing', []],
  ])('with %s is a bad response', (_, events) => {
    expect(faultOf(() => streamed(events)).kind).toBe('bad_response')
  })

  test('with calls that are interleaved keeps them apart', () => {
    const chunks = streamed([
      begin(0, { toolUseId: 'a', name: 'f' }),
      begin(1, { toolUseId: 'b', name: 'g' }),
      delta(1, { toolUse: { input: '{"y":' } }),
      delta(0, { toolUse: { input: '{"x":1}' } }),
      delta(1, { toolUse: { input: '2}' } }),
      stop,
    ])
    const calls = deltas(chunks).flatMap((one) => one.tool_calls ?? [])
    const written = [0, 1].map((index) =>
      calls.filter((call) => call.index === index).map((call) => call.function?.arguments),
    )
    expect(written.map((texts) => texts.join(''))).toEqual(['{"x":1}', '{"y":2}'])
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls')
  })

  test('with a block that never stops completes it', () => {
    const chunks = streamed([
      delta(0, { reasoningContent: { text: 'Hm', signature: 's' } }),
      begin(1, { toolUseId: '', name: 'f' }),
      stop,
    ])
    expect(deltas(chunks)).toEqual([
      { role: 'assistant', reasoning_content: 'Hm' },
      {
        tool_calls: [
          { index: 0, id: 'call_test_0_0', type: 'function', function: { name: 'f', arguments: '' } },
        ],
      },
      { tool_calls: [{ index: 0, function: { arguments: '{}' } }] },
      { thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 's' }] },
      {},
    ])
  })

  test('of an answer in a schema without the answer tool gives its text', () => {
    const response_format = { type: 'json_schema', json_schema: { schema: {} } }
    const chunks = streamed([delta(0, { text: 'I can' }), delta(0, { text: 'not.' }), stop], {
      response_format,
    })
    expect(deltas(chunks)).toEqual([{ role: 'assistant', content: 'I cannot.' }, {}])
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  })
})

test.each([
  [[{ toolUse: { toolUseId: '', name: 'f' } }], 'call_test_0'],
  [[{ toolUse: { name: 'f', input: { a: 1 } } }], 'call_test_0'],
])('a call without an id gets one: %j', (content, id) => {
  const answer = completionOf({ output: { message: { content } }, stopReason: 'end_turn' }, sampleCall())
  expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ id }] } })
})
