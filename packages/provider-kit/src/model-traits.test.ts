import { expect, test } from 'vitest'
import type { Call } from './contract.ts'
import { type ModelTraits, rulesOfModel } from './model-traits.ts'
import { parameterPatch } from './parameter-rules.ts'
import type { ChatRequest } from './wire.ts'

const traits: readonly ModelTraits[] = [
  { ids: /^thinker/, reasoning: 'by default' },
  { ids: /^brooder/, reasoning: 'always' },
  { ids: /^brooder-2$/, refuses: ['stop'] },
  { ids: /^finder$/, refuses: ['temperature'] },
]

function patched(model: string, members: Partial<ChatRequest>) {
  const dropped: string[] = []
  const body = Object.freeze({ model, messages: [], ...members })
  const call = { model, body, dropped: (field: string) => void dropped.push(field) }
  const rules = rulesOfModel(model, traits)
  return { patch: parameterPatch(call as unknown as Call<ChatRequest>, rules), dropped }
}

test('a model without traits takes everything as it is', () => {
  const everything = { max_tokens: 5, temperature: 0.2, logit_bias: { 1: 2 }, extension: true, stop: 'x' }
  expect(patched('other', everything)).toEqual({ patch: undefined, dropped: [] })
})

test('parallel_tool_calls goes where there are no tools, and is reported when it asked for something', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }]
  expect(patched('other', { parallel_tool_calls: false, tools })).toEqual({ patch: undefined, dropped: [] })
  for (const [value, dropped] of [
    [false, ['parallel_tool_calls']],
    [true, []],
    [null, []],
  ] as const) {
    expect(patched('other', { parallel_tool_calls: value, tools: [] })).toStrictEqual({
      patch: { parallel_tool_calls: undefined },
      dropped,
    })
  }
})

test('a model that reasons gets the limit by its new name, and neither sampling nor penalties', () => {
  const { patch, dropped } = patched('brooder', {
    max_tokens: 5,
    temperature: 0.2,
    top_p: 1,
    logprobs: false,
    presence_penalty: 1,
    logit_bias: {},
    seed: 3,
    extension: true,
  })
  expect(patch).toStrictEqual({
    max_completion_tokens: 5,
    max_tokens: undefined,
    temperature: undefined,
    top_p: undefined,
    logprobs: undefined,
    presence_penalty: undefined,
    logit_bias: undefined,
  })
  expect(dropped).toEqual(['temperature', 'presence_penalty'])
})

test('a model that need not reason keeps sampling when it is told not to', () => {
  const members = { temperature: 0.2, frequency_penalty: 1 }
  expect(patched('thinker', members).dropped).toEqual(['temperature', 'frequency_penalty'])
  expect(patched('thinker', { ...members, reasoning_effort: 'none' })).toEqual({
    patch: { frequency_penalty: undefined },
    dropped: ['frequency_penalty'],
  })
  expect(patched('brooder', { ...members, reasoning_effort: 'none' }).dropped).toContain('temperature')
})

test('traits add up', () => {
  expect(patched('brooder-2', { stop: 'x', temperature: 0 }).dropped).toEqual(['stop', 'temperature'])
  expect(patched('finder', { stop: 'x', temperature: 0 }).dropped).toEqual(['temperature'])
  expect(patched('finder', { temperature: 1 })).toEqual({ patch: { temperature: undefined }, dropped: [] })
})
