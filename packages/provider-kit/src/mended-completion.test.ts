import { describe, expect, test } from 'vitest'
import { wireProblems } from '../testing/wire-validator.ts'
import type { Call } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { mendedCompletion, mendedUsage } from './mended-completion.ts'

const call: Call = {
  id: 'abc',
  created: 7,
  model: 'upstream-model',
  stream: false,
  headers: {},
  body: {},
  dropped: () => undefined,
}

const choice = (message: object, more: object = {}) => ({
  index: 0,
  message: { role: 'assistant', content: 'Hi', ...message },
  finish_reason: 'stop',
  ...more,
})

/** The first choice of an answer with this one, which must be what clients expect. */
function mendedOne(given: object): Record<string, unknown> {
  const answer = mendedCompletion({ choices: [given] }, call)
  expect(wireProblems('chat', answer)).toEqual([])
  return answer.choices[0] as unknown as Record<string, unknown>
}

describe('an answer', () => {
  test('that is fine stays as it is, with what nobody knows', () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 4, cost: 1 }
    const fine = {
      id: 'x',
      object: 'chat.completion',
      created: 5,
      model: 'm-1',
      provider: 'p',
      choices: [choice({ annotations: [1] }, { logprobs: null, native: 'x' })],
      usage,
    }
    expect(mendedCompletion(structuredClone(fine), call)).toEqual(fine)
  })

  test('gets what is missing from the call', () => {
    const bare = {
      id: '',
      object: 'chat',
      created: 0,
      model: null,
      choices: [{ message: { content: 'Hi' } }],
    }
    expect(mendedCompletion(bare, call)).toEqual({
      id: 'chatcmpl-abc',
      object: 'chat.completion',
      created: 7,
      model: 'upstream-model',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    })
  })

  test('numbers its choices where they are not', () => {
    const answer = mendedCompletion({ choices: [{ message: {} }, { message: {} }] }, call)
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1])
  })

  test.each([
    [{}],
    [{ choices: null }],
    [{ choices: [] }],
    [{ choices: [null, 'x'] }],
    [{ choices: [{}] }],
    [{ choices: [{ index: 0, message: null, finish_reason: 'stop' }] }],
  ])('that says nothing is none: %j', (body) => {
    expect(() => mendedCompletion(structuredClone(body), call)).toThrow(ProviderFault)
  })

  test('that broke off is a fault', () => {
    expect(() => mendedCompletion({ choices: [choice({}, { finish_reason: 'error' })] }, call)).toThrow(
      'error',
    )
  })
})

describe('content', () => {
  const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }]

  test.each<[object, string | null]>([
    [{ content: 'Hi' }, 'Hi'],
    [{ content: '', tool_calls: calls }, null],
    [{ content: 'Hi', tool_calls: calls }, 'Hi'],
    [{ content: null, tool_calls: calls }, null],
    [{ content: null }, ''],
    [{ content: undefined, reasoning_content: 'hm' }, ''],
    [{ content: null, refusal: 'no' }, null],
    [{ content: null, refusal: null }, ''],
    [{ content: null, audio: { id: 'a' } }, null],
  ])('of %j is %j', (message, content) => {
    expect(mendedOne(choice(message))['message']).toMatchObject({ content })
  })

  test('may stand in a delta or in a text', () => {
    expect(mendedOne({ delta: { content: 'Hi' } })).toMatchObject({ message: { content: 'Hi' } })
    expect(mendedOne({ delta: { content: 'Hi' } })).not.toHaveProperty('delta')
    expect(mendedOne({ text: 'Hi' })).toMatchObject({ message: { content: 'Hi' } })
  })
})

describe('tool calls', () => {
  test('get ids, a type and arguments', () => {
    const one = mendedOne(
      choice({
        content: '',
        tool_calls: [
          { function: { name: 'f' } },
          { index: 1, id: '', type: '', function: { name: 'f', arguments: null } },
          { id: 'a', function: { name: 'f', arguments: ' ' } },
          { id: 'b', function: { name: 'f', arguments: 'null' } },
          { id: 'c', function: { name: 'f', arguments: { x: 1 } } },
          { id: 'd', function: { name: 'f', arguments: '{"x": 1}' }, extra: 1 },
          null,
        ],
      }),
    )
    expect(one['message']).toMatchObject({
      tool_calls: [
        { id: 'call_abc_0_0', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'call_abc_0_1', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'b', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'c', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
        { id: 'd', type: 'function', function: { name: 'f', arguments: '{"x": 1}' }, extra: 1 },
      ],
    })
    expect(one['finish_reason']).toBe('tool_calls')
    expect(JSON.stringify(one)).not.toContain('"index":1')
  })

  test('that are none are not there', () => {
    for (const none of [null, [], {}, [null]])
      expect(mendedOne(choice({ tool_calls: none }))['message']).not.toHaveProperty('tool_calls')
  })

  test('of another type stay as they are', () => {
    const custom = { id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }
    expect(mendedOne(choice({ tool_calls: [custom] }))['message']).toMatchObject({ tool_calls: [custom] })
  })

  test.each([
    ['stop', 'tool_calls'],
    [null, 'tool_calls'],
    ['tool_use', 'tool_calls'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
  ])('with the finish %j end with %s', (given, expected) => {
    const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }]
    expect(mendedOne(choice({ tool_calls: calls }, { finish_reason: given }))['finish_reason']).toBe(expected)
  })
})

test.each(['reasoning', 'reasoning_text', 'thinking'])('%s becomes reasoning_content, and stays', (name) => {
  expect(mendedOne(choice({ [name]: 'hm' }))['message']).toMatchObject({
    [name]: 'hm',
    reasoning_content: 'hm',
  })
  expect(mendedOne(choice({ [name]: 'hm', reasoning_content: 'own' }))['message']).toMatchObject({
    reasoning_content: 'own',
  })
  expect(mendedOne(choice({ [name]: '' }))['message']).not.toHaveProperty('reasoning_content')
})

test.each<[Record<string, unknown>, unknown]>([
  [
    { prompt_tokens: 1, completion_tokens: 2 },
    { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  ],
  [
    { prompt_tokens: 1, completion_tokens: 2, total_tokens: 9 },
    { prompt_tokens: 1, completion_tokens: 2, total_tokens: 9 },
  ],
  [{}, null],
  [{ prompt_tokens: 1 }, null],
  [{ completion_tokens: 1, total_tokens: 1 }, null],
  [{ prompt_tokens: null, completion_tokens: 2 }, null],
])('usage %j is %j', (usage, expected) => {
  expect(mendedUsage(usage)).toEqual(expected)
})
