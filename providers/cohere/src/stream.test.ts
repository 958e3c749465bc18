import { collectChunks } from '@llmproxy/provider-kit/testing'
import { describe, expect, test } from 'vitest'
import { faultOf, streamed } from '../test/subject.ts'

const start = { type: 'message-start', id: 'x', delta: { message: {} } }
const end = { type: 'message-end', delta: { finish_reason: 'COMPLETE' } }
const text = (value: string, extras: object = {}) => ({
  type: 'content-delta',
  index: 0,
  delta: { message: { content: { text: value } } },
  ...extras,
})
const callStart = (index: number | undefined, name: string, given?: unknown) => ({
  type: 'tool-call-start',
  index,
  delta: { message: { tool_calls: { id: `${name}_1`, function: { name, arguments: given } } } },
})
const callDelta = (index: number | undefined, given: unknown) => ({
  type: 'tool-call-delta',
  index,
  delta: { message: { tool_calls: { function: { arguments: given } } } },
})

describe('a stream', () => {
  test.each([
    [['null'], '{}'],
    [['n', 'ull'], '{}'],
    [[' null '], '{}'],
    [[], '{}'],
    [['', ''], '{}'],
    [['{"n', 'ull":1}'], '{"null":1}'],
    [[{ a: 1 }], '{"a":1}'],
    [['n', 'o'], 'no'],
  ])('with the arguments %j calls with %s', (pieces, expected) => {
    const events = [start, callStart(0, 'f'), ...pieces.map((piece) => callDelta(0, piece)), end]
    const { toolCalls, finishReasons } = collectChunks(streamed(events)).get(0)!
    expect(toolCalls.map((call) => call.arguments)).toEqual([expected])
    expect(finishReasons).toEqual(['tool_calls'])
  })

  test('numbers its calls from 0, whatever the vendor’s numbers', () => {
    const events = [
      start,
      callStart(3, 'f', '{"a":'),
      callStart(7, 'g', 'null'),
      callDelta(3, '1}'),
      callStart(undefined, 'h'),
      callDelta(99, 'lost'),
      end,
    ]
    const { toolCalls } = collectChunks(streamed(events)).get(0)!
    expect(toolCalls).toEqual([
      { id: 'f_1', name: 'f', arguments: '{"a":1}' },
      { id: 'g_1', name: 'g', arguments: '{}' },
      { id: 'h_1', name: 'h', arguments: '{}' },
    ])
  })

  test('carries the probabilities of its text', () => {
    const logprobs = { token_ids: [1], text: 'Hi', logprobs: [-0.5] }
    const [, chunk] = streamed([start, text('Hi', { logprobs }), end])
    expect(chunk?.choices[0]?.logprobs).toEqual({
      content: [{ token: 'Hi', logprob: -0.5, bytes: [72, 105], top_logprobs: [], token_ids: [1] }],
    })
  })

  test('is whole with message-end, and nothing after it counts', () => {
    const { content } = collectChunks(streamed([start, text('Hi'), end, text('!'), start])).get(0)!
    expect(content).toBe('Hi')
    expect(faultOf(() => streamed([start, text('Hi')])).kind).toBe('bad_response')
    expect(faultOf(() => streamed([start, { type: 'message-end', delta: {} }])).kind).toBe('bad_response')
    expect(faultOf(() => streamed([start, { ...start, id: 'y' }])).kind).toBe('bad_response')
  })

  test.each<[object, string]>([
    [{ type: 'error', message: 'internal server error' }, 'internal server error'],
    [{ message: 'internal server error' }, 'internal server error'],
    [{ error: { message: 'internal server error' } }, 'internal server error'],
    [{ type: 'message-end', delta: { finish_reason: 'ERROR', error: 'It broke' } }, 'It broke'],
    [{ type: 'message-end', delta: { finish_reason: 'COMPLETE', error: 'It broke' } }, 'It broke'],
    [{ type: 'message-end', delta: { finish_reason: 'ERROR' } }, 'ERROR'],
  ])('fails with %j', (event, message) => {
    const fault = faultOf(() => streamed([start, text('Hal'), event]))
    expect(fault.kind).toBe('upstream')
    expect(fault.message).toContain(message)
  })
})
