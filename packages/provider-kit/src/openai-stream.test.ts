import { describe, expect, test } from 'vitest'
import { ProviderFault } from './fault.ts'
import { openaiCompletionDecoder, openaiDecoder } from './openai-stream.ts'

const done = { data: '[DONE]' }

function chunk(choice: object | undefined, more: object = {}) {
  const choices = choice === undefined ? [] : [{ index: 0, delta: {}, finish_reason: null, ...choice }]
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more }
}

function event(value: unknown) {
  return { data: JSON.stringify(value) }
}

function faultOf(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return ProviderFault.is(error) ? error.fault : error
  }
  return undefined
}

describe('openaiDecoder()', () => {
  test('gives the chunks as they are, and the usage', () => {
    const decoder = openaiDecoder()
    const frames = [
      chunk({ delta: { role: 'assistant', content: '' } }),
      chunk({ delta: { content: 'Hi' }, logprobs: null }, { system_fingerprint: 'fp' }),
      chunk({ finish_reason: 'stop' }),
      chunk(undefined, { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
    ]
    expect(frames.flatMap((frame) => decoder.event(event(frame)))).toEqual(frames.slice(0, -1))
    expect(decoder.event(done)).toEqual(frames.slice(-1))
    expect(decoder.end?.()).toEqual([])
  })

  test('normalises finish reasons', () => {
    const [first] = openaiDecoder().event(event(chunk({ finish_reason: 'eos_token' })))
    expect(first?.choices[0]?.finish_reason).toBe('stop')
    const [second] = openaiDecoder().event(event(chunk({ finish_reason: '' })))
    expect(second?.choices[0]?.finish_reason).toBeNull()
  })

  test('leaves foreign frames out, and everything behind [DONE]', () => {
    const decoder = openaiDecoder()
    expect(decoder.event(event({ type: 'ping' }))).toEqual([])
    expect(decoder.event({ data: ' [DONE] ' })).toEqual([])
    expect(decoder.event(event(chunk({ delta: { content: 'late' } })))).toEqual([])
    expect(decoder.event({ data: 'not JSON' })).toEqual([])
  })

  test('reads usage without choices', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
    const decoder = openaiDecoder()
    expect(decoder.event(event({ usage }))).toEqual([])
    decoder.event(event(chunk({ finish_reason: 'stop' })))
    expect(decoder.end?.()).toEqual([{ usage, choices: [] }])
  })

  test('gives one chunk with nothing but usage, the last of them', () => {
    const decoder = openaiDecoder()
    const usages = [1, 2, 2].map((tokens) => ({
      prompt_tokens: 1,
      completion_tokens: tokens,
      total_tokens: 9,
    }))
    const frames = [chunk({ finish_reason: 'stop' }), ...usages.map((usage) => chunk(undefined, { usage }))]
    const chunks = [...frames, undefined].flatMap((frame) => decoder.event(frame ? event(frame) : done))
    expect(chunks.map(({ usage }) => usage)).toEqual([undefined, usages[2]])
  })

  test.each<[string, unknown]>([
    ['without anything', []],
    ['after content', [chunk({ delta: { content: 'Hi' } })]],
  ])('a close %s is a fault', (_, frames) => {
    const decoder = openaiDecoder()
    for (const frame of frames as unknown[]) decoder.event(event(frame))
    expect(faultOf(() => decoder.end?.())).toMatchObject({ kind: 'bad_response' })
  })

  test('a close after a finish reason is complete, and so is one after [DONE]', () => {
    const finished = openaiDecoder()
    finished.event(event(chunk({ finish_reason: 'length' })))
    expect(finished.end?.()).toEqual([])
    const closed = openaiDecoder()
    closed.event(done)
    expect(closed.end?.()).toEqual([])
  })

  test.each<[string, { event?: string; data: string }, object]>([
    [
      'an error object',
      event({ error: { message: 'm', type: 'overloaded_error' } }),
      { kind: 'overloaded', message: 'm' },
    ],
    ['an error string', event({ error: 'm' }), { kind: 'upstream', message: 'm' }],
    ['a flat error', event({ object: 'error', message: 'm', code: 429 }), { kind: 'rate_limit' }],
    ['an error event', { event: 'error', data: '{"message":"m"}' }, { kind: 'upstream', message: 'm' }],
    ['an error in a choice', event(chunk({ error: { message: 'm', code: 503 } })), { kind: 'overloaded' }],
    ['a broken finish', event(chunk({ finish_reason: 'error' })), { kind: 'upstream', code: 'error' }],
    ['half a JSON', { data: '{"choices":[' }, { kind: 'bad_response' }],
    ['no object', { data: '7' }, { kind: 'bad_response' }],
    ['an array', { data: '[]' }, { kind: 'bad_response' }],
  ])('%s is a fault', (_, frame, fault) => {
    expect(faultOf(() => openaiDecoder().event(frame))).toMatchObject(fault)
  })

  test('a null error is none', () => {
    expect(openaiDecoder().event(event({ ...chunk({}), error: null }))).toHaveLength(1)
  })
})

test('openaiCompletionDecoder() reads legacy completions', () => {
  const frame = {
    id: 'cmpl-1',
    object: 'text_completion',
    choices: [{ index: 0, text: 'a', finish_reason: 'eos' }],
  }
  const decoder = openaiCompletionDecoder()
  expect(decoder.event(event(frame))[0]?.choices[0]).toEqual({ index: 0, text: 'a', finish_reason: 'stop' })
  expect(decoder.end?.()).toEqual([])
})
