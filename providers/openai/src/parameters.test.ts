import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { parameters } from './parameters.ts'

function fixes(model: string, body: Partial<ChatRequest>) {
  const dropped: string[] = []
  const call: Call<ChatRequest> = {
    id: 'abc',
    created: 7,
    model,
    stream: false,
    headers: {},
    body: Object.freeze({ model, messages: [], ...body }),
    dropped: (field) => dropped.push(field),
  }
  return { patch: parameters(call), dropped }
}

describe('reasoning models', () => {
  test.each([
    'o1',
    'o1-mini',
    'o3-2025-04-16',
    'o4-mini',
    'o10-x',
    'gpt-5',
    'gpt-5-mini',
    'gpt-5.1',
    'gpt-5.6-codex',
    'gpt-12',
  ])('include %s', (model) => {
    expect(fixes(model, { presence_penalty: 1 }).dropped).toEqual(['presence_penalty'])
  })

  test.each([
    'gpt-4o',
    'gpt-4.1-nano',
    'gpt-3.5-turbo',
    'gpt-5-chat-latest',
    'gpt-5.2-chat-latest',
    'ft:gpt-5:org::id',
    'omni',
    'o',
    'o1x',
    'gpt-oss-120b',
    'x',
  ])('do not include %s', (model) => {
    expect(fixes(model, { presence_penalty: 1 })).toEqual({ patch: undefined, dropped: [] })
  })
})

describe('parameters()', () => {
  const sampling = { temperature: 0.2, top_p: 0.9, logprobs: true, top_logprobs: 3 }
  const penalties = { frequency_penalty: 0.5, presence_penalty: 0.5, logit_bias: { '1': 2 } }

  test('leaves other models alone', () => {
    expect(fixes('gpt-4o', { max_tokens: 5, ...sampling, ...penalties })).toEqual({
      patch: undefined,
      dropped: [],
    })
  })

  test('leaves a request alone that needs nothing', () => {
    expect(fixes('o3', { max_completion_tokens: 5, seed: 1 })).toEqual({ patch: undefined, dropped: [] })
  })

  test.each<[string, Partial<ChatRequest>, number | undefined]>([
    ['is renamed', { max_tokens: 5 }, 5],
    ['is renamed when the other is null', { max_tokens: 5, max_completion_tokens: null }, 5],
    ['goes when it is null', { max_tokens: null }, undefined],
  ])('max_tokens %s, without loss', (_, body, limit) => {
    const { patch, dropped } = fixes('gpt-5', body)
    expect(patch).toStrictEqual({
      max_tokens: undefined,
      ...(limit !== undefined && { max_completion_tokens: limit }),
    })
    expect(dropped).toEqual([])
  })

  test('max_tokens gives way to max_completion_tokens, and is reported when it was another number', () => {
    const both = { max_tokens: 5, max_completion_tokens: 9 }
    expect(fixes('gpt-5', both)).toStrictEqual({ patch: { max_tokens: undefined }, dropped: ['max_tokens'] })
    expect(fixes('gpt-5', { ...both, max_tokens: 9 }).dropped).toEqual([])
  })

  test('removes what reasoning models refuse, and reports it', () => {
    const { patch, dropped } = fixes('o3', { ...sampling, ...penalties })
    const names = [...Object.keys(sampling), ...Object.keys(penalties)]
    expect(patch).toStrictEqual(Object.fromEntries(names.map((name) => [name, undefined])))
    expect(dropped).toEqual(names)
  })

  test('removes values that ask for nothing without reporting them', () => {
    const { patch, dropped } = fixes('o3', {
      temperature: 1,
      top_p: 1,
      logprobs: false,
      presence_penalty: 0,
      logit_bias: null,
    })
    expect(Object.keys(patch ?? {})).toEqual([
      'temperature',
      'top_p',
      'logprobs',
      'presence_penalty',
      'logit_bias',
    ])
    expect(dropped).toEqual([])
  })

  test.each<[string, boolean]>([
    ['gpt-5.1', true],
    ['gpt-5.2-mini', true],
    ['gpt-6', true],
    ['gpt-5', false],
    ['o3', false],
  ])('%s keeps the sampling parameters when it is told not to reason: %j', (model, kept) => {
    const { dropped } = fixes(model, { reasoning_effort: 'none', temperature: 0.2, presence_penalty: 1 })
    expect(dropped).toEqual(kept ? ['presence_penalty'] : ['temperature', 'presence_penalty'])
  })

  test.each<[string, string[]]>([
    ['o3', ['stop']],
    ['o4-mini-2025-04-16', ['stop']],
    ['o3-mini', []],
    ['o1', []],
    ['gpt-4o', []],
  ])('stop of %s: dropped %j', (model, dropped) => {
    expect(fixes(model, { stop: ['END'] }).dropped).toEqual(dropped)
  })

  test('models that search refuse temperature', () => {
    const { patch, dropped } = fixes('gpt-4o-search-preview-2025-03-11', { temperature: 0.5, top_p: 0.5 })
    expect(patch).toStrictEqual({ temperature: undefined })
    expect(dropped).toEqual(['temperature'])
  })

  test('parallel_tool_calls without tools is an error there', () => {
    expect(fixes('gpt-4o', { parallel_tool_calls: false }).dropped).toEqual(['parallel_tool_calls'])
    const tools = [{ type: 'function', function: { name: 'f' } }]
    expect(fixes('gpt-4o', { parallel_tool_calls: false, tools })).toEqual({ patch: undefined, dropped: [] })
  })
})
