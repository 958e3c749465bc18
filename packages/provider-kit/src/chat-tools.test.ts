import { describe, expect, test } from 'vitest'
import { functionTools, parsedArguments, toolWish } from './chat-tools.ts'
import { ProviderFault } from './fault.ts'
import type { ChatRequest } from './wire.ts'

const body = (members: object): ChatRequest => ({ model: 'm', messages: [], ...members })

function refusal(run: () => unknown): object {
  try {
    run()
  } catch (error) {
    if (ProviderFault.is(error)) return error.fault
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('functionTools()', () => {
  test('reads tools, and the functions of old clients', () => {
    const parameters = { type: 'object' }
    const found = functionTools(
      body({
        tools: [
          { type: 'function', function: { name: 'a', description: 'A', parameters, strict: true } },
          { type: 'function', function: { name: 'b', description: null, parameters: null, strict: null } },
        ],
        functions: [{ name: 'c', parameters }],
      }),
    )
    expect(found).toEqual([
      { name: 'a', description: 'A', parameters, strict: true, path: 'tools[0].function' },
      { name: 'b', strict: false, path: 'tools[1].function' },
      { name: 'c', parameters, strict: false, path: 'functions[0]' },
    ])
  })

  test.each([{}, { tools: null }, { tools: [], functions: null }])('finds none in %j', (members) => {
    expect(functionTools(body(members))).toEqual([])
  })

  test.each<[object, string]>([
    [{ tools: {} }, 'tools'],
    [{ tools: [null] }, 'tools[0]'],
    [{ tools: [{}] }, 'tools[0].type'],
    [{ tools: [{ type: 'custom', custom: { name: 'a' } }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function' }] }, 'tools[0].function'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [
      { tools: [{ type: 'function', function: { name: 'a', parameters: 'x' } }] },
      'tools[0].function.parameters',
    ],
    [{ functions: ['a'] }, 'functions[0]'],
    [{ functions: [{ name: 5 }] }, 'functions[0].name'],
  ])('refuses %j by its path', (members, param) => {
    expect(refusal(() => functionTools(body(members)))).toMatchObject({ kind: 'invalid_request', param })
  })
})

describe('toolWish()', () => {
  const allowed = (mode: string) => ({
    type: 'allowed_tools',
    allowed_tools: {
      mode,
      tools: [
        { type: 'function', function: { name: 'a' } },
        { type: 'function', name: 'b' },
      ],
    },
  })

  test.each<[object, unknown]>([
    [{}, undefined],
    [{ tool_choice: null }, undefined],
    [{ tool_choice: 'auto' }, { mode: 'auto' }],
    [{ tool_choice: 'none' }, { mode: 'none' }],
    [{ tool_choice: 'required' }, { mode: 'required' }],
    [{ tool_choice: { type: 'function', function: { name: 'a' } } }, { mode: 'required', named: ['a'] }],
    [{ tool_choice: { type: 'function', name: 'a' } }, { mode: 'required', named: ['a'] }],
    [{ function_call: 'none' }, { mode: 'none' }],
    [{ function_call: { name: 'a' } }, { mode: 'required', named: ['a'] }],
    [{ tool_choice: allowed('required') }, { mode: 'required', named: ['a', 'b'] }],
    [{ tool_choice: allowed('auto') }, { mode: 'auto', named: ['a', 'b'] }],
  ])('of %j is %j', (members, wish) => {
    expect(toolWish(body(members))).toEqual(wish)
  })

  test.each<[object, string]>([
    [{ tool_choice: 'any' }, 'tool_choice'],
    [{ tool_choice: 5 }, 'tool_choice'],
    [{ tool_choice: [] }, 'tool_choice'],
    [{ tool_choice: { type: 'function', function: {} } }, 'tool_choice'],
    [
      { tool_choice: { type: 'allowed_tools', allowed_tools: { tools: 5 } } },
      'tool_choice.allowed_tools.tools',
    ],
    [
      { tool_choice: { type: 'allowed_tools', allowed_tools: { tools: [{}] } } },
      'tool_choice.allowed_tools.tools[0].name',
    ],
  ])('refuses %j', (members, param) => {
    expect(refusal(() => toolWish(body(members)))).toMatchObject({ kind: 'invalid_request', param })
  })
})

describe('parsedArguments()', () => {
  test.each<[unknown, object]>([
    ['{"a":1}', { a: 1 }],
    [' {"a":1}\n', { a: 1 }],
    ['', {}],
    [' ', {}],
    ['null', {}],
    [null, {}],
    [undefined, {}],
    [{ a: 1 }, { a: 1 }],
  ])('of %j are %j', (text, expected) => {
    expect(parsedArguments(text, 'p')).toEqual(expected)
  })

  test.each(['{', '[]', '"text"', '5', 7, [1]])('refuses %j', (text) => {
    expect(refusal(() => parsedArguments(text, 'messages[0].x'))).toMatchObject({ param: 'messages[0].x' })
  })
})

test('a flat tool is the same as a nested one', () => {
  const flat = { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' } }
  expect(functionTools({ tools: [flat] } as never)).toEqual([
    { name: 'f', description: 'd', parameters: { type: 'object' }, strict: false, path: 'tools[0]' },
  ])
})
