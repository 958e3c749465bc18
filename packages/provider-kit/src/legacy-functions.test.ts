import { describe, expect, test } from 'vitest'
import type { Call } from './contract.ts'
import { asksWithFunctions, functionRules, functionsAsTools, withFunctionCalls } from './legacy-functions.ts'
import { mendedAnswers } from './mended-answers.ts'
import type { ChatRequest } from './wire.ts'

const body = (members: object) => ({ model: 'm', messages: [], ...members }) as unknown as ChatRequest
const call = (members: object): Call<ChatRequest> => ({
  id: 'abc',
  created: 7,
  model: 'm',
  stream: true,
  headers: {},
  body: body(members),
  dropped: () => undefined,
})

describe('functionRules', () => {
  const { functions, function_call: choice } = functionRules
  const named = { name: 'f' }

  test('make functions tools, and the wish for one of them a tool_choice', () => {
    const old = call({ functions: [named] })
    expect(functions([named], old)).toEqual({ tools: [{ type: 'function', function: named }] })
    expect(choice(named, old)).toEqual({ tool_choice: { type: 'function', function: named } })
    expect(choice('none', old)).toEqual({ tool_choice: 'none' })
    expect(() => functions([null], call({ functions: [null] }))).toThrow('functions[0]')
  })

  test('leave both out beside tools, and without functions', () => {
    for (const members of [{ functions: [named], tools: [{}] }, { functions: [] }, { functions: 'f' }]) {
      expect(functions(members.functions, call(members))).toBeUndefined()
      expect(choice(named, call(members))).toBeUndefined()
    }
  })
})

describe('functionsAsTools()', () => {
  const user = { role: 'user', content: 'Hi' }

  test('gives back the same messages when there is nothing old in them', () => {
    const messages = [user] as ChatRequest['messages']
    expect(functionsAsTools(messages)).toBe(messages)
  })

  test('pairs a function_call with the function message after it', () => {
    const called = { name: 'f', arguments: '{}' }
    const messages = [
      user,
      { role: 'assistant', content: null, function_call: called },
      { role: 'function', name: 'f', content: 'ok' },
    ] as unknown as ChatRequest['messages']
    expect(functionsAsTools(messages)).toEqual([
      user,
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'call_1', type: 'function', function: called }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
    ])
  })

  test('refuses messages that are no array', () => {
    expect(() => functionsAsTools('Hi' as never)).toThrow('messages: must be an array')
  })

  test.each([[[null]], [[{ role: 'function', name: 'f', content: 'ok' }]], [[{ role: 'function' }]]])(
    'refuses %j with its path',
    (messages) => {
      expect(() => functionsAsTools(messages as unknown as ChatRequest['messages'])).toThrow('messages[0]')
    },
  )
})

describe('withFunctionCalls()', () => {
  const functions = [{ name: 'f' }]
  const answers = withFunctionCalls(mendedAnswers())
  const calls = [0, 1].map((index) => ({ index, id: `${index}`, function: { name: 'f', arguments: '{}' } }))

  test('only clients that ask with functions alone read the old form', () => {
    expect(asksWithFunctions(body({ functions }))).toBe(true)
    expect(asksWithFunctions(body({ functions, tools: [{}] }))).toBe(false)
    expect(asksWithFunctions(body({ functions: [] }))).toBe(false)
    const whole = { choices: [{ message: { tool_calls: calls }, finish_reason: 'tool_calls' }] }
    expect(answers.response(whole, call({})).choices[0]?.finish_reason).toBe('tool_calls')
  })

  test('a whole answer has one function_call', () => {
    const whole = { choices: [{ message: { tool_calls: calls }, finish_reason: 'tool_calls' }] }
    expect(answers.response(whole, call({ functions })).choices[0]).toEqual({
      index: 0,
      message: { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } },
      finish_reason: 'function_call',
    })
  })

  test('a stream has it too', () => {
    const decoder = answers.stream(call({ functions }))
    const frame = (delta: object, finish: string | null) => ({
      data: JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] }),
    })
    const chunks = [
      ...decoder.event(frame({ tool_calls: [calls[0]] }, null)),
      ...decoder.event(frame({ tool_calls: [calls[1]] }, null)),
      ...decoder.event(frame({}, 'tool_calls')),
      ...(decoder.end?.() ?? []),
    ]
    expect(chunks.map(({ choices }) => choices[0])).toEqual([
      {
        index: 0,
        delta: { role: 'assistant', function_call: { name: 'f', arguments: '{}' } },
        finish_reason: null,
      },
      { index: 0, delta: {}, finish_reason: 'function_call' },
    ])
  })
})
